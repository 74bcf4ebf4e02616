from support.house import house, new_house

__all__ = ["house", "new_house"]

from support.colleague import colleague
from support.house import house, new_house

__all__ = ["colleague", "house", "new_house"]

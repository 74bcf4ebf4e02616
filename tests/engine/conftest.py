from support.colleague import colleague
from support.house import house, new_house
from support.scripted import launched, play

__all__ = ["colleague", "house", "launched", "new_house", "play"]

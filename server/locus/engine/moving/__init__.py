"""Tasks of the embedded tracker move to GitHub, once.

look.py reads what is here and there, plan.py decides (pure), progress.py remembers what has been done, carry.py does it, push.py is the
whole way.
"""

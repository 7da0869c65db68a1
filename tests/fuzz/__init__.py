"""Requests nobody would write, to every route: any answer but a fault of ours will do.

make fuzz                 10,000 posts, 3,000 gets and 1,000 bodies; SEED=1
"""

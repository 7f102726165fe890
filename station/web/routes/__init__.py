"""The routes: each asks the service and shapes its answer. Plain functions, so that the server runs them in threads.

``bench``     health, golden samples, sampling plans
``units``     units, the queue, findings, reviews
``lots``      lots, their running tally and decision
``pictures``  pictures by digest
``pages``     the review page
``common``    what they share: the station, the cursor, a page of a list
"""

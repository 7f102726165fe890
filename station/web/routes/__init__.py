"""The routes: each asks the service and shapes its answer. Plain functions, so that the server runs them in threads.

``bench``     health, metrics, benches
``accounts``  signing in and out, accounts
``events``    what is recorded, as it is recorded
``goldens``   golden samples, their versions, who signed them
``inspections`` a unit inspected by its picture
``units``     units, the queue, reviews
``findings``  the findings of a unit and what reviewers say of each
``measuring`` values entered by hand, gauge studies
``lots``      lots, their running tally and decision
``lot_records`` map, cause, units, pick list and report of a lot
``orders``    orders and their gates
``planning``  sampling plans, orders
``streams``   streams of lots
``nonconformities``, ``corrective``  complaints and corrective actions
``pictures``  pictures by digest
``pages``     the pages: review, lots, orders, help, the one to sign in
``common``    what they share: the station, who asks, cursors, a page of a list
"""

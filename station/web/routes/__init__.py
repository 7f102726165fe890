"""The routes: each asks the service and shapes its answer. Plain functions, so that the server runs them in threads.

``bench``     health, metrics, benches
``accounts``  signing in and out, accounts
``events``    what is recorded, as it is recorded
``calibrating`` a bench calibrated from pictures that were handed in
``jobs``      files that are handed in, and the jobs that use them; ``receiving`` a picture as it arrives
``sealing``   a sheet as it is written, a draft, the seal, the capability study
``goldens``   golden samples, their versions, who holds them; ``golden_record`` what people say of one
``signing``   artefacts, signatures, acknowledgements; ``cloning`` re-orders and the artwork file
``thresholds`` from which score a finding counts
``papers``    papers of golden samples and units, to send
``exchange``  packages and archives between stations; ``ledger`` the ledger and the keys
``capturing`` the camera over the bench
``inspections`` a unit inspected by its picture
``units``     units, the queue, reviews
``reviewing`` the queue in columns, layers over a unit, where its numbers come from
``findings``  the findings of a unit and what reviewers say of each
``measuring`` values entered by hand, gauge studies
``lots``      lots, their running tally and decision
``lot_records`` map, cause, units, pick list and report of a lot; ``drawing`` the pick list drawn
``charts``    the course of a process, and pictures of what the records hold
``looking``   what is seen in photos that were handed in
``orders``    orders opened, with their gates as they stand; ``gates`` what is said at them
``planning``  sampling plans, orders
``streams``   streams of lots
``nonconformities``, ``nonconformity_records``, ``corrective``  complaints, what goes with them, corrective actions
``pictures``  pictures by digest
``pages``     the pages: review, bench, golden, light, lots, streams, orders, help, the one to sign in
``saying``    what is said in somebody's name
``common``    what they share: the station, who asks, cursors, a page of a list
"""

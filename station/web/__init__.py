"""The local API and the review page. Everything goes through ``station.service``; nothing here knows a table or a file.

``app``       puts it together: one station, the routes, one shape for every error
``security``  what stands before every request: host, origin, body size, and the headers of every answer
``routes``    the API under ``/api/v1`` and the page
``errors``    the one shape of an error
"""

"""The debug page, ``egg:gearbox_lite#debug``: what went wrong, where, and what to do, for any WSGI application.

``middleware`` is the filter, which imports the other modules only once there is something to show. They turn an
exception into frozen dataclasses of text (``traces``, ``variables``, ``excerpts``, ``request_details``), and these into
a page (``page``), Markdown (``markdown``) or JSON (``answers``). No page runs code; ``console`` does, if the ini
switches it on.
"""

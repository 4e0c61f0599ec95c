"""The browser reloads itself: what live reload adds to pages, and the connections through which pages are told.

Nothing of this package is imported unless ``live_reload`` and ``reload`` are on, and the application is debugged.

1. middleware.py, in a worker, appends a script tag to HTML pages that a browser navigates to, and serves the script,
   client.js. The tag names the version of the application that made the page, and when.
2. The script asks for the event stream while its tab is visible. stream_channel.py hands that connection over to the
   supervisor before anything is answered, so it takes no thread and survives reloads.
3. open_pages.py, in the supervisor, answers: it keeps the connections, and sends an event when a reload has replaced
   the workers, or when a file has changed that only browsers need (file_events.py). A page that is older than the last
   change is told at once, so none is missed between a request and its event stream, or while a tab is hidden.
   Then the event "current" follows: of several visible tabs, one stays connected from here on, and tells the others.
"""

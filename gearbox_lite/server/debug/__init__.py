"""Whether an application is being debugged, who could reach its debug page, and what guards that page."""

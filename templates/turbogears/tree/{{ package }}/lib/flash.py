"""Messages that show once, on the next page: ``tg.flash("Stored.")`` in a controller.

TurboGears keeps the message in a cookie. Its own script, which shows it, is not allowed
by this site's content security policy; master.jinja shows it instead.
"""

from tg import flash


def flash_message():
    """Return the message's text and status, such as "ok" or "error", and forget it.

    Return None if there is none.
    """
    try:
        message = flash.pop_payload()
        text, status = str(message["message"]), str(message["status"])
        text.encode()  # JSON can hold half a character, which no page can.
    # No message, or a cookie made by others, which may be nested as deep as they like.
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    return {"text": text, "status": status}

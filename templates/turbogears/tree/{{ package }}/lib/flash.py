"""Messages that are shown once, on the next page: ``tg.flash("Stored.")``.

TurboGears stores the message in a cookie. The script with which it would show the
message violates this site's content security policy, so master.jinja shows it instead.
"""

from tg import flash


def flash_message():
    """Return the message's text and status, such as "ok" or "error", and delete it.

    Return None if there is no message.
    """
    try:
        message = flash.pop_payload()
        text, status = str(message["message"]), str(message["status"])
        text.encode()  # JSON can contain a lone surrogate, which UTF-8 cannot.
    # No message, or a forged cookie; RecursionError if its JSON is deeply nested.
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    return {"text": text, "status": status}

"""No forged forms: one counts only if a page of this site has shown it.

The page puts a secret of the visitor's session into the form, where other sites
can't read it:

    <input type="hidden" name="{{ h.csrf_field }}" value="{{ h.csrf_token() }}">

and the method that takes the form looks for it first:

    @expose()
    @csrf_protected
    def store(self, user): ...
"""

import hmac
import secrets

from tg import abort, request, session
from tg.decorators import before_validate

FIELD = "_csrf_token"
"""The name of the form's field, and of the token in the session."""


def csrf_token():
    """Return the token of this visitor's session; its first use makes it."""
    if FIELD not in session:
        session[FIELD] = secrets.token_urlsafe(32)
        session.save()
    return session[FIELD]


@before_validate
def csrf_protected(remainder, params):
    """Answer 403 to whatever is not a form (POST) with the session's token."""
    expected = session.get(FIELD, "")
    given = str(request.POST.get(FIELD, ""))
    # Comparing takes the same time however much is right, so no part can be guessed.
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        abort(403, "This form has expired. Go back, reload the page, and try again.")

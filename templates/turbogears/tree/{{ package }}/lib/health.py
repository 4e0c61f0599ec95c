"""The health check /up, for load balancers and containers."""


class HealthCheck:
    """WSGI middleware that answers /up without a session or controller."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] != "/up":
            return self.app(environ, start_response)
        headers = [
            ("Content-Type", "text/plain"),
            ("Content-Length", "2"),
            ("Cache-Control", "no-store"),
        ]
        start_response("200 OK", headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else b"up"]

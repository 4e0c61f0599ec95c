"""What TurboGears' documentation says about databases works, with the differences of docs/how-to/database.md.

The code is that of "Working With Database" (turbogears/minimal/index.rst) and "Reading from Database"
(cookbook/streaming.rst); each line that differs has a comment.
"""

from __future__ import annotations

from support.helpers import Browser, new_project
from support.warm import run, serve

MODEL = '''"""Past greetings."""

from datetime import datetime

from sqlalchemy import Column, DateTime, Integer, String

from hello.model.base import Base as DeclarativeBase  # instead of declarative_base()


class Log(DeclarativeBase):
    __tablename__ = 'logs'

    uid = Column(Integer, primary_key=True)
    timestamp = Column(DateTime, nullable=False, default=datetime.utcnow)
    person = Column(String(50), nullable=False)
'''

CONTROLLER = '''"""Greetings."""

from tg import TGController, expose

from hello.lib.database import db as DBSession  # another name
from hello.lib.transactions import allow_writes
from hello.model.log import Log


class Greetings(TGController):
    @expose(content_type='text/plain')
    def index(self):
        logs = DBSession.query(Log).order_by(Log.timestamp.desc()).all()
        return 'Past Greetings\\n' + '\\n'.join(['%s - %s' % (l.timestamp, l.person) for l in logs])

    @expose('json')  # instead of a template
    def hello(self, person=None):
        allow_writes()  # only a POST can write otherwise
        DBSession.add(Log(person=person or ''))
        DBSession.commit()
        return dict(person=person)

    @expose('json')
    def refused(self, person=None):
        DBSession.add(Log(person=person or ''))
        DBSession.commit()
        return dict(person=person)

    @expose(content_type='application/json')
    def stream_db(self):
        def output_pause():
            num = 0
            yield b'['  # bytes, since Python 3
            while num < 2:
                u = DBSession.query(Log).filter_by(uid=num).first()
                num += 1
                yield u and b'%d, ' % u.uid or b'null, '
            yield b'null]'
        return output_pause()
'''


def test_its_model_query_insert_and_stream_work_in_a_project_with_a_database(tmp_path):
    project = new_project(tmp_path, "hello", "--database")
    assert run("migrate", "upgrade", cwd=project).returncode == 0
    (project / "hello" / "model" / "log.py").write_text(MODEL)
    (project / "hello" / "controllers" / "greetings.py").write_text(CONTROLLER)
    root = project / "hello" / "controllers" / "root.py"
    text = root.read_text().replace(
        "\n\n\nclass ", "\nfrom hello.controllers.greetings import Greetings\n\n\nclass ", 1
    )
    root.write_text(text.replace("    @expose", "    greetings = Greetings()\n\n    @expose", 1))
    assert "new table logs" in run("migrate", "new", "add the logs", cwd=project).stdout
    assert run("migrate", "upgrade", cwd=project).returncode == 0
    with serve(project, "--no-reload") as served:
        browser = Browser(served.url)
        assert browser.get("/greetings/hello?person=World").text == '{"person": "World"}'
        assert browser.get("/greetings/refused?person=World").status == 500
        page = browser.get("/greetings/index").text
        assert page.startswith("Past Greetings\n")
        assert page.count(" - World") == 1
        assert browser.get("/greetings/stream_db").text == "[null, 1, null]"

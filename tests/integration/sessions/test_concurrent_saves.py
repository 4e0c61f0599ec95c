"""Requests that run at the same time and save the same session: the changes of all of them are merged."""

from __future__ import annotations

import threading

from support.sessions import KEY, Parts, cookie_of, values

from gearbox_lite.sessions.codec import sign


def test_a_due_read_saves_the_access_time_and_nothing_else(store_options):
    parts = Parts({**store_options, "session.reissue_time": "0"})
    cookie, _ = parts.stored(user="MVL")
    slow = parts.session(cookie)
    slow["unsaved"] = 1
    other = parts.session(cookie)
    other["user"] = "newer"
    other.save()
    written = parts.session(cookie)["_accessed_time"]
    slow.persist(dirty=False)
    after = parts.session(cookie)
    assert values(after) == {"user": "newer"}
    assert after["_accessed_time"] >= written


def test_concurrent_saves_keep_the_changes_of_both_requests(parts):
    cookie, _ = parts.stored(kept=1, dropped=1, both=1, nested={"list": [1]})
    first, second = parts.session(cookie), parts.session(cookie)
    first["first"] = True
    first["both"] = "first"
    first["nested"]["list"].append(2)
    second["second"] = True
    second["both"] = "second"
    del second["dropped"]
    first.save()
    second.save()
    assert values(parts.session(cookie)) == {
        "kept": 1, "first": True, "second": True, "both": "second", "nested": {"list": [1, 2]},
    }  # fmt: skip


def test_one_and_true_are_different_values(parts):
    cookie, _ = parts.stored(flag=1)
    session = parts.session(cookie)
    session["flag"] = True
    session.save()
    assert parts.session(cookie)["flag"] is True


def test_two_first_saves_of_one_id_are_merged(parts):
    first, second = parts.session(), parts.session()
    second.id = first.id
    first["first"] = second["second"] = True
    first.save()
    second.save()
    assert values(parts.session(cookie_of(first))) == {"first": True, "second": True}


def test_many_simultaneous_saves_of_a_new_session_lose_no_value(parts):
    first = parts.session()
    start = threading.Barrier(6)
    problems = []

    def save(number):
        session = parts.session()
        session.id = first.id
        session[f"key{number}"] = number
        start.wait()
        try:
            session.save()
        except BaseException as error:  # noqa: BLE001 (a thread's error would be lost)
            problems.append(error)

    threads = [threading.Thread(target=save, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    stored = parts.session(f"hello={sign(KEY, first.id)}")
    assert values(stored) == {f"key{number}": number for number in range(6)}


def test_a_slow_request_does_not_bring_back_a_deleted_session(parts):
    cookie, session_id = parts.stored(user="MVL")
    slow = parts.session(cookie)
    logout = parts.session(cookie)
    logout.delete()
    logout.persist(dirty=True)
    slow["late"] = 1
    slow.save()
    assert parts.store.read(session_id) is None


def test_one_session_object_can_be_saved_repeatedly(parts):
    cookie, first_id = parts.stored(user="MVL")
    session, other = parts.session(cookie), parts.session(cookie)
    other["other"] = 1
    other.save()
    for name in ("a", "b"):
        session[name] = 1
        session.save()
    assert values(parts.session(cookie)) == {"user": "MVL", "other": 1, "a": 1, "b": 1}
    ids = [first_id]
    for _ in range(2):
        session.regenerate_id()
        session.save()
        ids.append(session.id)
    assert [parts.store.read(session_id) is None for session_id in ids] == [True, True, False]
    session.delete()
    session.persist(dirty=True)
    assert parts.store.read(ids[-1]) is None


def test_a_slow_read_does_not_send_the_cookie_of_a_deleted_session(store_options):
    parts = Parts({**store_options, "session.cookie_expires": "600", "session.reissue_time": "0"})
    cookie, session_id = parts.stored(user="MVL")
    slow = parts.session(cookie)
    parts.store.delete(session_id)
    slow.persist(dirty=False)
    assert not slow.request["set_cookie"]


def test_a_new_id_keeps_what_another_request_has_saved_under_the_old_one(parts):
    cookie, session_id = parts.stored(user="MVL")
    login = parts.session(cookie)
    other = parts.session(cookie)
    other["other"] = 1
    other.save()
    login.regenerate_id()
    login["login"] = 1
    login.save()
    assert values(parts.session(cookie_of(login))) == {"user": "MVL", "other": 1, "login": 1}
    assert parts.store.read(session_id) is None


def test_a_record_that_becomes_corrupt_during_a_request_is_replaced_completely(parts):
    cookie, session_id = parts.stored(user="MVL", kept=1)
    session = parts.session(cookie)
    parts.store.update(session_id, lambda _: "garbage")
    session["user"] = "changed"
    session.save()
    assert values(parts.session(cookie)) == {"user": "changed", "kept": 1}

"""Answering HTTP requests: waitress, adapted to sockets that are already bound, or another PasteDeploy server.

server.py runs waitress; leader.py decides which thread waits for events and answers (leader and followers),
slow_requests.py when another one is to, and task_threads.py has those threads. poller.py waits. listener.py accepts
connections, channel.py reads and sends on them (keep-alive, timeouts), tasks.py runs the application. drain.py and
shutdown.py end all that gracefully; drain.py hands keep-alive connections over. other_server.py runs any other server.

Internals of waitress that we rely on
=====================================

None of them is documented, so each may change in any release. pyproject.toml therefore allows only the minor release
that is tested. Each entry gives the internals, the modules that use them, and the tests that fail if they change.
tests/unit/server/http/test_waitress_internals.py checks that they exist and that this list is complete.

waitress.adjustments: Adjustments, Adjustments._params, Adjustments.listen, KNOWN_PROXY_HEADERS, asbool
    adjustments.py, listener.py
    unit/server/http/test_waitress_internals.py::test_waitress_settings_are_in_its_table_with_their_types
waitress.buffers: ReadOnlyFileBasedBuffer
    channel.py, tasks.py, access_log.py
    integration/http/test_head.py::test_an_answer_to_head_is_only_headers_and_the_next_answer_follows
waitress.channel: HTTPChannel, HTTPChannel._flush_some, HTTPChannel._flush_some_if_lockable, HTTPChannel.outbuf_lock
    channel.py
    integration/http/test_answers.py::test_quick_requests_are_answered_and_sent_by_the_thread_that_reads_them
    integration/http/test_leader.py::test_the_leader_does_not_spin_while_another_thread_holds_the_lock
    integration/http/test_exact_answers.py::test_long_streams_to_slow_readers_arrive_byte_for_byte
waitress.channel: HTTPChannel.write_soon, HTTPChannel.task_class, HTTPChannel.error_task_class, HTTPChannel.parser_class
    channel.py, access_log.py
    integration/http/test_head.py::test_an_answer_to_head_is_only_headers_and_the_next_answer_follows
    integration/errors/test_failing_answers.py::test_a_request_whose_application_fails_is_500_and_one_line_in_each_log
waitress.channel: HTTPChannel.service, HTTPChannel._flush_outbufs_below_high_watermark
    channel.py
    integration/http/test_takeover.py::test_a_client_that_reads_slowly_is_sent_the_rest_by_whichever_thread_leads
    integration/http/test_answers.py::test_pipelined_requests_are_answered_in_order
waitress.channel: HTTPChannel.send_continue
    channel.py
    integration/http/test_exact_answers.py::test_an_answer_before_a_request_that_expects_100_continue_is_sent_once
waitress.channel: HTTPChannel.received, HTTPChannel.request, HTTPChannel.requests, HTTPChannel.requests_lock
    channel.py
    integration/http/test_slow_clients.py::test_slowly_sent_headers_of_a_later_request_get_408
    integration/http/test_answers.py::test_pipelined_requests_are_answered_in_order
waitress.channel: HTTPChannel.handle_close, HTTPChannel.will_close, HTTPChannel.close_when_flushed
    channel.py, drain.py
    integration/http/test_exact_answers.py::test_a_client_that_keeps_sending_a_body_that_is_too_large_reads_one_413
waitress.channel: HTTPChannel.total_outbufs_len, HTTPChannel.connected, HTTPChannel.del_channel, HTTPChannel.addr
    drain.py, channel.py
    integration/http/test_drain.py::test_idle_keep_alive_connections_are_handed_over_and_busy_ones_finished
    integration/http/test_slow_clients.py::test_handed_over_keep_alive_connections_stay_open
waitress.channel: ClientDisconnected
    tasks.py, channel.py
    integration/http/test_head.py::test_an_endless_stream_is_closed_when_the_client_disconnects
waitress.parser: HTTPRequestParser
    channel.py
    integration/http/test_slow_clients.py::test_slowly_sent_headers_get_408
    integration/errors/test_failing_answers.py::test_an_invalid_request_target_is_400_without_a_traceback
waitress.proxy_headers: proxy_headers_middleware, PROXY_HEADERS
    server.py, proxies.py
    integration/http/test_debugging.py::test_forwarded_headers_do_not_make_a_foreign_host_allowed
    integration/http/test_proxies.py::test_a_trusted_proxy_with_https_logs_no_warning
waitress.server: BaseWSGIServer, TcpWSGIServer, UnixWSGIServer, UnixWSGIServer.fix_addr
    listener.py, drain.py, proxies.py
    unit/server/http/test_waitress_internals.py::test_clients_of_a_unix_socket_have_the_address_that_trusted_proxy_names
waitress.server: BaseWSGIServer.channel_class, BaseWSGIServer.application, BaseWSGIServer.trigger
    server.py
    integration/http/test_slow_clients.py::test_slowly_sent_headers_get_408
waitress.server: BaseWSGIServer.pull_trigger
    server.py
    integration/http/test_leader.py::test_a_finished_answer_is_sent_without_waiting_for_a_timer
waitress.server: BaseWSGIServer.readable, BaseWSGIServer.handle_accept, BaseWSGIServer.set_socket_options
    listener.py
    integration/serve/test_descriptors.py::test_serving_pauses_while_the_application_holds_all_descriptors_and_recovers
    integration/serve/test_descriptors.py::test_connection_limit_is_lowered_to_what_the_descriptors_allow_and_others_wait
waitress.server: BaseWSGIServer.maintenance, BaseWSGIServer.next_channel_cleanup, BaseWSGIServer.active_channels
    listener.py
    integration/http/test_slow_clients.py::test_idle_keep_alive_connections_are_closed_after_channel_timeout
waitress.task: Task, Task.service, Task.start, Task.finish, Task.write, Task.wrote_header
    tasks.py, access_log.py
    integration/errors/test_failing_answers.py::test_a_request_whose_application_fails_is_500_and_one_line_in_each_log
    integration/http/test_head.py::test_an_answer_to_head_is_only_headers_and_the_next_answer_follows
waitress.task: WSGITask, WSGITask.execute, ErrorTask, ErrorTask.execute
    tasks.py
    integration/http/test_head.py::test_a_refused_head_request_gets_no_body
waitress.trigger: trigger.pull_trigger
    server.py
    integration/http/test_slow_clients.py::test_handed_over_keep_alive_connections_stay_open
waitress.task: Task.build_response_header, WSGITask.get_environment, WSGITask.environ
    tasks.py
    unit/server/http/test_same_as_waitress.py::test_status_line_and_headers_are_the_same
    unit/server/http/test_same_as_waitress.py::test_the_wsgi_environment_is_the_same
waitress.utilities: BadRequest, InternalServerError, build_http_date
    channel.py, tasks.py
    integration/http/test_slow_clients.py::test_slowly_sent_headers_get_408
    integration/errors/test_failing_answers.py::test_clients_see_the_traceback_only_with_expose_tracebacks
waitress: wasyncore, wasyncore.loop, wasyncore.read, wasyncore.write, wasyncore.readwrite, wasyncore.dispatcher
    poller.py, server.py
    integration/http/test_answers.py::test_a_client_that_closes_its_sending_side_gets_its_answer
    unit/server/http/test_waitress_internals.py::test_select_serves_as_poll_does
"""

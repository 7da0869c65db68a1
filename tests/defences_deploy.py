"""The defences of the deployment, for `make defences`."""

from __future__ import annotations

_REPLICA = "tests/deploy/test_replica.py"
_NGINX = "tests/deploy/test_nginx.py"

# Name, file, what is taken out, what stands there instead, the test that notices.
DEPLOY_DEFENCES = [
    (
        "deploy: own changes are seen although a replica is behind",
        "app/database/engine.py",
        "                _replica.note_change(tenant_id, _position(connection))\n",
        "                _position(connection)\n",
        f"{_REPLICA}::test_a_member_s_own_change_is_seen_at_once",
    ),
    (
        "deploy: a replica that is too far behind does not answer",
        "app/database/engine.py",
        "        and pg_last_wal_replay_lsn() >= '0/0'::pg_lsn + :needed\n",
        "        and :needed > 0\n",
        f"{_REPLICA}::test_reads_come_from_the_replica_and_are_seconds_old_at_most",
    ),
    (
        "deploy: nobody waits on a frozen replica",
        "app/database/replica.py",
        "self._standing = None\n        self._cut_all()\n",
        "self._standing = None\n",
        f"{_REPLICA}::test_a_frozen_replica_holds_nobody_up",
    ),
    (
        "deploy: a read that the replica breaks off is answered",
        "app/http/reading.py",
        "                raise ReplicaFailed from error\n",
        "                raise\n",
        f"{_REPLICA}::test_reads_that_the_replica_breaks_off_are_answered_by_the_primary",
    ),
    (
        "deploy: a function keeps to its tenant without the fence",
        "sql/functions/figures/get_data_availability_combined.sql",
        "        d.tenant_id = p_tenant_id\n        and d.event_date",
        "        d.event_date",
        "tests/sql/test_sharding.py",
    ),
    (
        "deploy: TLS 1.3 alone",
        "deploy/nginx/default.conf.template",
        "ssl_protocols TLSv1.3;",
        "ssl_protocols TLSv1.2 TLSv1.3;",
        f"{_NGINX}::test_tls_1_3_alone",
    ),
    (
        "deploy: a full disk is tried again",
        "app/jobs/outcomes.py",
        "    if _is_disk_full(reason):\n        return DISK_FULL\n",
        "",
        "tests/faults/test_machine.py",
    ),
]

#!/bin/sh
# Run by PostgreSQL's image when it makes the database: the replica on the same network may follow it.
echo "host replication postgres samenet scram-sha-256" >> "$PGDATA/pg_hba.conf"

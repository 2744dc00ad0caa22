#!/bin/bash
# Brings the database of the central records to the newest schema. Can be run again: a step that was done is not done twice.
set -euo pipefail
export LC_ALL=C

usage() {
  cat <<'TEXT'
usage: migrate.sh [options], as a PostgreSQL superuser (sudo -u postgres ./migrate.sh)
  --database NAME     the database, made if it is not there (default birthmark)
  --station ID=NAME   let this station in: ID as in its client certificate, CN=birthmark:records-ID; may be repeated
  --close ID          let this station in no longer, and end its sessions; may be repeated
  --psql COMMAND      how psql is called (default: psql)
  --dry-run           say what would be done, and do nothing
TEXT
  exit "${1:-64}"
}

here=$(cd "$(dirname "$0")" && pwd)
database=birthmark psql=psql dry='' stations=() closed=()
while [[ $# -gt 0 ]]; do
  case $1 in
    --database) database=$2; shift ;;
    --station) stations+=("$2"); shift ;;
    --close) closed+=("$2"); shift ;;
    --psql) psql=$2; shift ;;
    --dry-run) dry=yes ;;
    --help | -h) usage 0 ;;
    *) echo "migrate.sh: unknown option $1" >&2; usage ;;
  esac
  shift
done
[[ $database =~ ^[a-z][a-z0-9_]{0,62}$ ]] || { echo 'migrate.sh: --database takes small letters, digits and "_"' >&2; exit 64; }
for one in "${stations[@]}" "${closed[@]/%/=}"; do
  [[ -z $one || ${one%%=*} =~ ^[a-z0-9]{1,32}$ && $one == *=* ]] || { echo "migrate.sh: \"$one\" is not ID=NAME" >&2; exit 64; }
done

changed=0
say() { changed=1; echo "${dry:+would: }$*"; }
sql() { # DATABASE, arguments of psql; what psql says to a refusal is the message
  local name=$1
  shift
  # Unquoted on purpose: the command may have arguments.
  $psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --dbname "$name" "$@"
}

exists=$(sql postgres -c "SELECT 1 FROM pg_database WHERE datname = '$database'")
if [[ -z $exists ]]; then
  say "make the database $database"
  [[ -n $dry ]] || sql postgres -c "CREATE DATABASE $database ENCODING 'UTF8' TEMPLATE template0"
fi
version=0 table=''
if [[ -n $exists ]]; then
  table=$(sql "$database" -c "SELECT to_regclass('birthmark.schema_version')")
  [[ -z $table ]] || version=$(sql "$database" -c 'SELECT coalesce(max(version), 0) FROM birthmark.schema_version')
fi

newest=0
for file in "$here"/[0-9][0-9][0-9][0-9]-*.sql; do
  number=$((10#$(basename "$file" | cut -c1-4)))
  newest=$number
  [[ $number -gt $version ]] || continue
  say "schema $number: $(basename "$file")"
  [[ -z $dry ]] || continue
  # The step and the record that it was done are one transaction; two administrators at once wait for each other.
  {
    echo 'BEGIN; SET LOCAL client_min_messages = warning; SELECT pg_advisory_xact_lock(662607015) \g /dev/null'
    cat "$file"
    echo 'RESET ROLE; SET LOCAL search_path = birthmark;'
    [[ $number -gt 1 ]] || echo "CREATE TABLE schema_version (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
      COMMENT ON TABLE schema_version IS 'Which migrations were run, and when';
      ALTER TABLE schema_version OWNER TO birthmark_owner;
      REVOKE ALL ON DATABASE $database FROM PUBLIC;
      GRANT CONNECT ON DATABASE $database TO birthmark_station, birthmark_dashboard, birthmark_ingest;
      GRANT SELECT ON schema_version TO birthmark_station;"
    echo "INSERT INTO schema_version (version) VALUES ($number); COMMIT;"
  } | sql "$database"
done
if [[ $version -gt $newest ]]; then
  echo "migrate.sh: the database has schema $version, this script knows $newest: use the newer script" >&2
  exit 65
fi

for one in "${stations[@]}"; do
  id=${one%%=*} name=${one#*=}
  if [[ $version -gt 1 && -n $(sql "$database" -c "SELECT 1 FROM birthmark.stations JOIN pg_roles ON rolname = 'station_' || station AND rolcanlogin WHERE station = '$id' AND closed_at IS NULL") ]]; then continue; fi
  say "let the station $name in as station_$id"
  [[ -n $dry ]] || sql "$database" --set "id=$id" --set "name=$name" <<<"CALL birthmark.add_station(:'id', :'name');"
done
for id in "${closed[@]}"; do
  say "let the station $id in no longer"
  [[ -n $dry ]] || sql "$database" --set "id=$id" <<<"CALL birthmark.close_station(:'id');"
done
[[ $changed -eq 1 ]] || echo 'nothing to change'

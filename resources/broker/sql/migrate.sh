#!/bin/bash
# Brings the database of the central records to the newest schema. Can be run again: a step that was done is not done twice.
set -euo pipefail
export LC_ALL=C

usage() {
  cat <<'TEXT'
usage: migrate.sh [options], as a PostgreSQL superuser (sudo -u postgres ./migrate.sh)
  --database NAME     the database, made if it is not there (default birthmark)
  --registration FILE what "birthmark records registration" printed: let this station in, and register its CAs, each of which must have signed for
                      it, and the tenants whose devices it records (these and no others from then on); may be repeated
  --root-ca FILE      PEM of the root that its CAs must lead to (default /etc/birthmark/root.pem)
  --station ID=NAME   let a station in that was closed: ID as in its client certificate, CN=birthmark:records-ID; may be repeated
  --close ID          let this station in no longer, and end its sessions; may be repeated
  --psql COMMAND      how psql is called (default: psql)
  --dry-run           say what would be done, and do nothing
TEXT
  exit "${1:-64}"
}

here=$(cd "$(dirname "$0")" && pwd)
database=birthmark psql=psql dry='' stations=() closed=() registrations=() root_ca=/etc/birthmark/root.pem
while [[ $# -gt 0 ]]; do
  case $1 in
    --database) database=$2; shift ;;
    --station) stations+=("$2"); shift ;;
    --registration) registrations+=("$2"); shift ;;
    --root-ca) root_ca=$2; shift ;;
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
[[ -n $dry ]] || version=$newest

let_in() { # ID NAME
  if [[ $version -gt 1 && -n $(sql "$database" -c "SELECT 1 FROM birthmark.stations JOIN pg_roles ON rolname = 'station_' || station AND rolcanlogin WHERE station = '$1' AND closed_at IS NULL") ]]; then return; fi
  say "let the station $2 in as station_$1"
  [[ -n $dry ]] || sql "$database" --set "id=$1" --set "name=$2" <<<"CALL birthmark.add_station(:'id', :'name');"
}

refuse() { echo "migrate.sh: $1: $2" >&2; exit 65; }
of_certificate() { openssl x509 -in "$1" -noout "${@:2}" 2>/dev/null; }

# Each CA must lead to the root, and its key must have signed the lines at the beginning: who has only the certificate registers nothing.
register() { # FILE
  local file=$1 work head id name tenants number kind issuer subject key_id print dates answer
  work=$(mktemp -d)
  # shellcheck disable=SC2064 # this folder, whatever the next one is
  trap "rm -rf '$work'" EXIT
  [[ -r $file && $(head -n 1 "$file") == 'Birthmark registration for central records 1' ]] || refuse "$file" 'this is not what "birthmark records registration" prints'
  head=$work/head
  head -n 4 "$file" >"$head"
  id=$(sed -n '2s/^station //p' "$head") name=$(sed -n '3s/^name //p' "$head") tenants=$(sed -n '4s/^tenants //p' "$head")
  [[ $id =~ ^[a-z0-9]{1,32}$ && $tenants =~ ^([A-Za-z0-9_.-]+( [A-Za-z0-9_.-]+)*)?$ ]] || refuse "$file" 'the lines at its beginning are damaged'
  [[ -r $root_ca ]] || refuse "$root_ca" 'the root cannot be read; name it with --root-ca'
  awk -v "dir=$work" '
    /^issuer (root|issuing|server)$/ && !above { n++; print $2 >(dir "/" n ".kind"); next }
    /^signature [A-Za-z0-9+\/=]+$/ && !above { print $2 >(dir "/" n ".base64"); next }
    $0 == "above" { above = 1; next }
    NR > 4 { print >(above ? dir "/above.pem" : dir "/" n ".pem") }' "$file"
  [[ -e $work/1.pem && -e $work/above.pem ]] || refuse "$file" 'there is no CA in it'
  for ((number = 1; ; number++)); do
    issuer=$work/$number.pem
    [[ -e $issuer ]] || break
    subject=$(of_certificate "$issuer" -subject -nameopt RFC2253,utf8,-esc_msb) || refuse "$file" "CA $number is no certificate"
    subject=${subject#subject=}
    openssl verify -no_check_time -CAfile "$root_ca" -untrusted "$work/above.pem" "$issuer" >/dev/null 2>&1 || refuse "$file" "$subject does not lead to the root in $root_ca"
    openssl base64 -d -A -in "$work/$number.base64" -out "$work/signature" 2>/dev/null && of_certificate "$issuer" -pubkey >"$work/key" || refuse "$file" "$subject did not sign it"
    openssl dgst -sha256 -verify "$work/key" -signature "$work/signature" "$head" >/dev/null 2>&1 ||
      openssl dgst -sha384 -verify "$work/key" -signature "$work/signature" "$head" >/dev/null 2>&1 || refuse "$file" "$subject did not sign it"
  done
  let_in "$id" "$name"
  for ((number = 1; ; number++)); do
    issuer=$work/$number.pem
    [[ -e $issuer ]] || break
    kind=$(<"$work/$number.kind")
    subject=$(of_certificate "$issuer" -subject -nameopt RFC2253,utf8,-esc_msb)
    subject=${subject#subject=}
    key_id=$(of_certificate "$issuer" -ext subjectKeyIdentifier | sed -n '2s/[: ]//gp' | tr A-F a-f)
    print=$(of_certificate "$issuer" -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f)
    dates=$(of_certificate "$issuer" -dates -dateopt iso_8601 | sed 's/.*=//')
    if [[ $version -ge 6 && -n $(sql "$database" --set "key=$key_id" --set "id=$id" <<<"SELECT 1 FROM birthmark.issuers WHERE key_id = :'key' AND station = :'id'") ]]; then continue; fi
    say "register $subject, of $name ($id), SHA-256 $print"
    [[ -n $dry ]] || sql "$database" --set "id=$id" --set "key=$key_id" --set "kind=$kind" --set "subject=$subject" --set "print=$print" --set "pem=$(<"$issuer")" \
      --set "from=${dates%%$'\n'*}" --set "to=${dates##*$'\n'}" -o /dev/null <<<"SELECT birthmark.register_issuer(:'id', :'key', :'kind', :'subject', :'print', :'pem' || E'\n', :'from', :'to');"
  done
  answer=$tenants
  [[ $version -lt 6 ]] || answer=$(sql "$database" --set "id=$id" <<<"SELECT coalesce(string_agg(tenant_id, ' ' ORDER BY tenant_id COLLATE \"C\"), '') FROM birthmark.station_tenants WHERE station = :'id'")
  if [[ $version -lt 6 || $answer != "$tenants" ]]; then
    say "devices of $name ($id) from now on: ${tenants:-none}"
    [[ -n $dry ]] || sql "$database" --set "id=$id" --set "tenants=$tenants" -o /dev/null <<<"SELECT birthmark.register_tenants(:'id', VARIADIC coalesce(regexp_split_to_array(nullif(:'tenants', ''), ' '), '{}'));"
  fi
  rm -rf "$work"
}

for one in "${stations[@]}"; do let_in "${one%%=*}" "${one#*=}"; done
for one in "${registrations[@]}"; do register "$one"; done
for id in "${closed[@]}"; do
  say "let the station $id in no longer"
  [[ -n $dry ]] || sql "$database" --set "id=$id" <<<"CALL birthmark.close_station(:'id');"
done
[[ $changed -eq 1 ]] || echo 'nothing to change'

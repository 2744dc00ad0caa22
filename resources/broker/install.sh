#!/bin/bash
# Sets this computer up as a Birthmark broker host, for one station at a time. Can be run again: what is right already is left as it is.
set -euo pipefail
export LC_ALL=C
umask 022

usage() {
  cat <<'TEXT'
usage: install.sh --station NAME --keys FILE --root-ca FILE [options]
  --station NAME      the station that may publish here
  --keys FILE         its two SSH keys, as "birthmark broker keys" prints them
  --root-ca FILE      PEM of the customer's root: only CAs below it are ever taken
  --address ADDRESS   where Mosquitto listens for MQTT (default: all addresses, IPv4 and IPv6)
  --ports A,B,C       MQTT over TLS, its second port, websockets (default 8883,1883,9001)
  --password-port N   one more, with TLS, for devices that cannot do certificates and log in with a password (default: none)
  --prefix DIR        put everything below DIR and touch nothing of the system (for trying it out, as any user)
  --reload COMMAND    how Mosquitto is told to read its files again (default: sudo -n systemctl reload mosquitto)
  --records DATABASE  prepare this PostgreSQL database for the central records (see sql/migrate.sh)
  --records-registration FILE   let this station write there: what "birthmark records registration" printed
  --psql COMMAND      how psql is called, as a superuser of PostgreSQL (default: sudo -u postgres psql)
  --mail ADDRESS      who is written to, besides syslog, when a revocation list runs out (needs the program mail)
  --dry-run           say what would change, and change nothing
TEXT
  exit "${1:-64}"
}

here=$(cd "$(dirname "$0")" && pwd)
station='' keys='' root_ca='' address='' ports=8883,1883,9001 prefix='' reload='sudo -n systemctl reload mosquitto' dry='' password_port='' mail_to=''
records='' records_registration=() psql='sudo -u postgres psql'
while [[ $# -gt 0 ]]; do
  case $1 in
    --station) station=$2; shift ;;
    --keys) keys=$2; shift ;;
    --root-ca) root_ca=$2; shift ;;
    --address) address=$2; shift ;;
    --ports) ports=$2; shift ;;
    --password-port) password_port=$2; shift ;;
    --prefix) prefix=$(realpath -m "$2"); shift ;;
    --reload) reload=$2; shift ;;
    --records) records=$2; shift ;;
    --records-registration) records_registration=(--registration "$2"); shift ;;
    --psql) psql=$2; shift ;;
    --mail) mail_to=$2; shift ;;
    --dry-run) dry=yes ;;
    --help | -h) usage 0 ;;
    *) echo "install.sh: unknown option $1" >&2; usage ;;
  esac
  shift
done
[[ $station =~ ^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$ ]] || { echo 'install.sh: --station NAME is needed: letters, digits, "_", "." and "-"' >&2; usage; }
[[ -z $password_port || $password_port =~ ^[0-9]{1,5}$ ]] || { echo 'install.sh: --password-port must be a number' >&2; usage; }
[[ -z $mail_to || $mail_to =~ ^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+$ ]] || { echo 'install.sh: --mail must be an address' >&2; usage; }
[[ -r $keys && -r $root_ca ]] || { echo 'install.sh: --keys and --root-ca must name files that can be read' >&2; usage; }
openssl x509 -in "$root_ca" -noout 2>/dev/null || { echo "install.sh: there is no certificate in $root_ca" >&2; exit 65; }
[[ $(grep -c '^ssh-' "$keys") -eq 2 ]] || { echo "install.sh: $keys must hold two lines: the key for files, then the key for commands" >&2; exit 65; }
for program in openssl flock mosquitto $([[ -n $prefix ]] || echo sudo sshd systemctl); do
  PATH=$PATH:/usr/sbin:/usr/local/sbin command -v "$program" >/dev/null || { echo "install.sh: $program is not installed" >&2; exit 69; }
done
[[ -n $prefix || $(id -u) -eq 0 ]] || { echo 'install.sh: must be run as root, or with --prefix' >&2; exit 77; }

config=$prefix/etc/birthmark lib=$prefix/usr/local/lib/birthmark spool=$prefix/var/lib/birthmark install=$prefix/etc/mosquitto/birthmark
log=$prefix/var/log/mosquitto/mosquitto.log
read_log="sudo -n -u mosquitto $lib/birthmark-log"
[[ -z $prefix ]] || read_log=$lib/birthmark-log
files_user=birthmark-files command_user=birthmark-command
changed=0

say() { changed=1; echo "${dry:+would: }$*"; }
run() { [[ -n $dry ]] || "$@"; }
# Only where there is a system to change.
system() { [[ -n $prefix ]] || "$@"; }

folder() { # MODE PATH
  [[ -d $2 ]] && return
  say "make $2"
  run install -d -m "$1" "$2"
}
put() { # MODE PATH, text on standard input
  local text
  text=$(cat; echo .)
  text=${text%.}
  [[ -f $2 && $(cat "$2"; echo .) == "$text." ]] && return
  say "write $2"
  [[ -n $dry ]] && return
  printf '%s' "$text" >"$2.new"
  chmod "$1" "$2.new"
  mv "$2.new" "$2"
}
user() { # NAME SHELL
  id "$1" >/dev/null 2>&1 && return
  say "add the user $1"
  run useradd --system --home-dir "$spool" --shell "$2" "$1"
}

system user "$files_user" /usr/sbin/nologin
system user "$command_user" /bin/bash
folder 755 "$config"
folder 755 "$config/keys"
folder 755 "$lib"
folder 755 "$spool"
folder 755 "$spool/$station"
folder 775 "$spool/$station/incoming"
folder 755 "$install"
folder 755 "$install/stations"
folder 755 "$install/sets"
[[ -z $prefix ]] || folder 755 "$(dirname "$log")"

put 755 "$lib/birthmark-host" <"$here/birthmark-host"
sed -e "s|@CONFIG@|$config|g" "$here/birthmark-log" | put 755 "$lib/birthmark-log"
put 755 "$lib/birthmark-life" <"$here/birthmark-life"
put 644 "$config/root.pem" <"$root_ca"
put 644 "$config/broker.conf" <<TEXT
SPOOL='$spool'
INSTALL='$install'
TRUST='$config/root.pem'
LOG='$log'
RELOAD='$reload'
READ_LOG='$read_log'
MARGIN_MINUTES=10
MAIL_TO='$mail_to'
TEXT

# Each key can do one thing: files into the station's folder, or the one command.
mapfile -t lines < <(grep '^ssh-' "$keys")
if [[ -n $prefix ]]; then
  put 600 "$config/keys/of.$station" <<TEXT
restrict,command="internal-sftp -u 0002 -d $spool/$station/incoming" ${lines[0]}
restrict,command="$lib/birthmark-host $config/broker.conf $station" ${lines[1]}
TEXT
  [[ -n $dry ]] || cat "$config/keys"/of.* | put 600 "$config/keys/authorized_keys"
else
  put 644 "$config/keys/$files_user.$station" <<<"restrict,command=\"internal-sftp -u 0002 -d /$station/incoming\" ${lines[0]}"
  put 644 "$config/keys/$command_user.$station" <<<"restrict,command=\"$lib/birthmark-host $config/broker.conf $station\" ${lines[1]}"
  for one in "$files_user" "$command_user"; do [[ -n $dry ]] || cat "$config/keys/$one".* | put 644 "$config/keys/$one"; done
  put 644 /etc/ssh/sshd_config.d/birthmark.conf <<TEXT
Match User $files_user
  AuthorizedKeysFile $config/keys/%u
  ChrootDirectory $spool
  AllowTcpForwarding no
  PasswordAuthentication no
Match User $command_user
  AuthorizedKeysFile $config/keys/%u
  AllowTcpForwarding no
  PasswordAuthentication no
Match all
TEXT
  put 440 /etc/sudoers.d/birthmark <<TEXT
$command_user ALL=(root) NOPASSWD: /usr/bin/systemctl reload mosquitto
$command_user ALL=(mosquitto) NOPASSWD: $lib/birthmark-log
TEXT
  for unit in birthmark-pending@.path birthmark-pending@.service birthmark-life.service birthmark-life.timer; do
    sed -e "s|@LIB@|$lib|g; s|@CONFIG@|$config|g; s|@SPOOL@|$spool|g; s|@USER@|$command_user|g" "$here/$unit" | put 644 "/etc/systemd/system/$unit"
  done
  run chown "$files_user:$command_user" "$spool/$station/incoming"
  run chmod 2775 "$spool/$station/incoming"
  run chown "$command_user" "$spool/$station"
  run chown -R "$command_user" "$install"
  run chgrp mosquitto "$install/sets"
  run chmod 2755 "$install/sets"
fi

# Nobody's CA and its empty list, so that Mosquitto can start before the first publication: its key is thrown away here.
if [[ ! -e $install/current ]]; then
  say "make $install/current, which lets nobody in"
  if [[ -z $dry ]]; then
    first=$install/sets/nobody
    mkdir -p "$first"
    work=$(mktemp -d)
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/key" -out "$first/client-cas.pem" -days 3650 -subj '/CN=nobody' -addext 'keyUsage=critical,keyCertSign,cRLSign' 2>/dev/null
    touch "$work/database"
    echo 01 >"$work/number"
    printf '[ca]\ndefault_ca=nobody\n[nobody]\ndatabase=%s\ncrlnumber=%s\ndefault_md=sha256\ncrl_extensions=v2\n[v2]\nauthorityKeyIdentifier=keyid:always\n' "$work/database" "$work/number" >"$work/ca.cnf"
    openssl ca -gencrl -config "$work/ca.cnf" -keyfile "$work/key" -cert "$first/client-cas.pem" -crldays 3650 -out "$first/crl.pem" 2>/dev/null
    : >"$first/access-list"
    : >"$first/password-file"
    rm -rf "$work"
    ln -s sets/nobody "$install/current"
    [[ -n $prefix ]] || chown -R "$command_user" "$install"
  fi
fi

IFS=, read -r mqtts mqtt websockets <<<"$ports"
folder 755 "$prefix/etc/mosquitto/conf.d"
sed -e "s|@INSTALL@|$install|g; s|@CONFIG@|$config|g; s|@ADDRESS@|$address|g; s|@MQTTS@|$mqtts|g; s|@MQTT@|$mqtt|g; s|@WEBSOCKETS@|$websockets|g; s|@PASSWORDS@|$password_port|g; s| *\$||" "$here/mosquitto.conf" |
  { if [[ -n $password_port ]]; then cat; else sed '/^# BEGIN passwords/,/^# END passwords/d'; fi; } |
  put 644 "$prefix/etc/mosquitto/conf.d/birthmark.conf"

if [[ -n $records ]]; then
  folder 755 "$config/postgresql"
  for sample in postgresql.conf pg_hba.conf pg_ident.conf; do
    sed -e "s|/etc/birthmark|$config|g; s|^\(host\(ssl\)\? *\)birthmark |\1$records |" "$here/sql/$sample.sample" | put 644 "$config/postgresql/$sample.sample"
  done
  schema=$("$here/sql/migrate.sh" --database "$records" --psql "$psql" --root-ca "$root_ca" "${records_registration[@]}" ${dry:+--dry-run})
  [[ $schema == 'nothing to change' ]] || { changed=1; echo "$schema"; }
  [[ -n $dry || -e $config/postgresql/server.pem ]] ||
    echo "next: put PostgreSQL's certificate and key into $config/postgresql, and the lines of the samples there into its configuration"
fi

if [[ -z $prefix && -z $dry && $changed -eq 1 ]]; then
  systemctl daemon-reload
  systemctl enable --now "birthmark-pending@$station.path" birthmark-life.timer
  systemctl reload ssh
fi
[[ -e $config/server.pem && -e $config/server.key ]] ||
  echo "next: put the broker's certificate and key into $config/server.pem and $config/server.key, then restart Mosquitto"
[[ $changed -eq 1 ]] || echo 'nothing to change'

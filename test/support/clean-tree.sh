#!/bin/bash
# A computer's own folders, as they are after apt-get, seen by this process and its children alone: clean-tree.sh DIR. Needs to be root; run with
# "unshare --mount --propagation private". Reads one command after the other from standard input, and says after each how it ended.
set -eu
tree=$1
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
chmod 755 "$tree"
mkdir -p "$tree"/{etc,lib,log,local,run,bin}
cp -a /etc/. "$tree/etc"
cp -a /usr/local/. "$tree/local"
install -d -o mosquitto "$tree/log/mosquitto" "$tree/lib/mosquitto" "$tree/run/mosquitto"
install -d "$tree/run/sshd" "$tree/etc/sudoers.d"
rm -rf "$tree"/etc/mosquitto/conf.d/* "$tree"/etc/ssh/sshd_config.d/* "$tree"/etc/sudoers.d/birthmark "$tree"/etc/ssh/ssh_host_*
ssh-keygen -q -t ed25519 -N '' -f "$tree/etc/ssh/ssh_host_ed25519_key"
# There is no systemd to ask: what it is asked for is written down, and done to Mosquitto and sshd directly.
cat >"$tree/bin/systemctl" <<'TEXT'
#!/bin/bash
echo "$*" >>/run/systemctl
case $* in
  'reload mosquitto') kill -HUP "$(</run/mosquitto/mosquitto.pid)" ;;
  'restart mosquitto')
    [[ ! -s /run/mosquitto/mosquitto.pid ]] || kill "$(</run/mosquitto/mosquitto.pid)"
    /usr/sbin/mosquitto -d -c /etc/mosquitto/mosquitto.conf
    ;;
  'reload ssh') [[ ! -s /run/sshd.pid ]] || kill -HUP "$(</run/sshd.pid)" ;;
esac
TEXT
chmod 755 "$tree/bin/systemctl"
mount --bind "$tree/bin/systemctl" /usr/bin/systemctl
mount --bind "$tree/etc" /etc
mount --bind "$tree/local" /usr/local
mount --bind "$tree/lib" /var/lib
mount --bind "$tree/log" /var/log
mount --bind "$tree/run" /run
set +eu
trap 'for pid in /run/sshd.pid /run/mosquitto/mosquitto.pid; do [[ ! -s $pid ]] || kill "$(<$pid)"; done' EXIT
echo ready
while read -r line; do
  eval "$line" 2>&1
  echo "ended $?"
done

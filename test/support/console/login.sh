#!/bin/sh
# Stands in for login(1), which needs accounts of this computer: agetty runs it as `login.sh -- USER`.
user=$2
while :; do
  stty -echo
  printf 'Password: '
  read -r password
  stty echo
  printf '\n'
  [ "$user" = root ] && [ "$password" = 'fac tory$1' ] && break
  printf 'Login incorrect\n'
  exit 1
done
printf 'Last login: never\n\033[1mNo mail.\033[0m It costs $5 # really\n'
exec "$BIRTHMARK_TEST_SHELL" -i

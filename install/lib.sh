# shellcheck shell=bash
# For scripts to source: what they say, how they fail, and how they read options.

readonly SEE_HELP='--help lists the options'

say() {
  printf '%s\n' "==> $*"
}

# die EXIT_CODE MESSAGE HINT
die() {
  printf 'ERROR:  %s\nHINT:  %s\n' "$2" "$3" >&2
  exit "$1"
}

# take_option VALUED ARGUMENT...: reads the first option, --name VALUE or --name=VALUE for the names in VALUED and --name for
# all others, into option and value, and into taken how many arguments it was.
# shellcheck disable=SC2034  # the caller reads them
take_option() {
  local valued=" $1 "
  option=$2 value='' taken=1
  if [[ $option == --*=* && $valued == *" ${option%%=*} "* ]]; then
    value=${option#*=}
    option=${option%%=*}
  elif [[ $valued == *" $option "* ]]; then
    [ $# -ge 3 ] || die 2 "option $option has no value" "write $option VALUE; $SEE_HELP"
    value=$3
    taken=2
  fi
}

unknown_option() {
  die 2 "unknown option \"$1\"" "$SEE_HELP"
}

check_runtime() {
  case $1 in
    auto | pljava | plpython) ;;
    *) die 2 "unknown runtime \"$1\"" "use --runtime auto, pljava or plpython" ;;
  esac
}

# Runs a command as another user of the system, from a folder that all may enter; as ourselves if that is who we are.
as_user() {
  if [ "$1" = "$(id -un)" ]; then
    "${@:2}"
  else
    (cd / && runuser -u "$1" -- "${@:2}")
  fi
}

# require_own FOLDER USER: in a folder that all may write to, somebody else may have come first.
require_own() {
  if [ -L "$1" ] || [ "$(stat -c %U "$1")" != "$2" ]; then
    die 1 "$1 is not a folder of user $2" "remove it, then run this again"
  fi
}

# await_line FILE PID: waits until the process has written into the file; fails if it ends before.
await_line() {
  until [ -s "$1" ]; do
    kill -0 "$2" 2>/dev/null || return 1
    sleep 0.1
  done
}

#!/usr/bin/env bash
# Runs the README's two commands on Debian releases other than this machine's, each in a root of its own made by debootstrap,
# and prints one table. The roots are minimal, without jq and locales, and the checkout lies in a folder with a blank.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/.." && pwd)
# shellcheck source=install/lib.sh
. "$here/lib.sh"

readonly ROOTS=(bullseye bookworm trixie sid)
readonly CACHE=/var/tmp/ai-worker-matrix
readonly CHECKOUT='/srv/ai worker'
# root's, here and there
readonly ROOT_HOME=~root
readonly SLICE='Pl*InstallingIT,Pl*GenerationIT,Pl*CancelIT,StandbyIT,ProverIT,ResolutionIT'
readonly ROW='%-22s %-7s %-12s %-10s %-13s %5s %6s %6s\n'

roots=()
mirror=
tests=()
quick=no
limit=7200
action=run
logs=$repository/target/matrix
table=''
failed=no

usage() {
  cat <<HELP
Usage: matrix.sh [OPTION]...

Runs install/quickstart.sh and install/test.sh as a new user would in minimal roots of Debian releases, with the
PostgreSQL and the JDK of each, and prints one table. Needs root, debootstrap and 2 GB of disk for each root; a root
is kept in $CACHE with its packages and used again. Nothing stays mounted and nothing runs on,
however this ends.

  --root NAME    one of ${ROOTS[*]}; may be given several times (default: all)
  --quick        only the quick start and a slice of the tests in the database, 5 minutes a root, and with this
                 machine's ~/.m2; without it the root's own, empty at first
  --mirror URL   where Debian's packages come from (default: as this machine's apt)
  --clean        delete the roots
  --help         this text

Exit codes: 0 all passed, 1 something failed, 2 wrong option, 3 this machine cannot do it
HELP
}

# A reason, not a failure: the machine is not one for this.
cannot() {
  say "matrix: not run ($1)"
  exit 3
}

read_options() {
  while [ $# -gt 0 ]; do
    take_option '--root --mirror' "$@"
    shift "$taken"
    case $option in
      --help | -h)
        usage
        exit 0
        ;;
      --root)
        [[ " ${ROOTS[*]} " == *" $value "* ]] || die 2 "unknown root \"$value\"" "use ${ROOTS[*]}"
        roots+=("$value")
        ;;
      --quick)
        quick=yes
        tests=("-Dit.test=$SLICE")
        limit=900
        ;;
      --mirror) mirror=$value ;;
      --clean) action=clean ;;
      *) unknown_option "$option" ;;
    esac
  done
  [ ${#roots[@]} -gt 0 ] || roots=("${ROOTS[@]}")
}

look_at_machine() {
  [ "$(id -u)" = 0 ] || cannot "needs root"
  command -v debootstrap >/dev/null || cannot "no debootstrap: apt-get install debootstrap"
  unshare --mount --pid --fork true 2>/dev/null || cannot "this machine allows no namespaces"
  [ -n "$mirror" ] || mirror=$(apt-get indextargets --format "\$(ORIGIN) \$(RELEASE) \$(REPO_URI)" 'Identifier: Packages' |
    sed -nE 's|^Debian .* ([^ ]*/debian)/?$|\1|p' | head -n 1)
  [ -n "$mirror" ] || cannot "this machine's apt has no mirror of Debian: name one with --mirror"
}

own_cache() {
  mkdir -p "$CACHE"
  require_own "$CACHE" "$(id -un)"
  exec 9>"$CACHE/lock"
  flock -n 9 || die 1 "another matrix.sh runs" "wait until it has ended"
}

make_root() {
  local root=$CACHE/$1
  [ ! -d "$root" ] || return 0
  say "$1: making a root from $mirror"
  rm -rf "$root.new"
  debootstrap --force-check-gpg --variant=minbase "$1" "$root.new" "$mirror" >"$logs/$1-debootstrap.log" 2>&1 || return 1
  # packages start no servers and leave no archives; a machine's mirror may be a snapshot
  printf '#!/bin/sh\nexit 101\n' >"$root.new/usr/sbin/policy-rc.d"
  chmod 755 "$root.new/usr/sbin/policy-rc.d"
  cat >"$root.new/etc/apt/apt.conf.d/90matrix" <<'APT'
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
APT::Keep-Downloaded-Packages "false";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb"; };
APT
  rm -f "$root.new"/var/cache/apt/archives/*.deb
  mv "$root.new" "$root"
}

# What a new user has after git clone, and the traces of a newer PostgreSQL of which only the client is installed.
fill_root() {
  local root=$CACHE/$1
  rm -rf "${root:?}$CHECKOUT" "$root/var/tmp/ai-worker-quickstart"
  mkdir -p "$root$CHECKOUT" "$root$ROOT_HOME/.m2" "$root/usr/lib/postgresql/99/bin"
  [ "$quick" = yes ] || rm -rf "$root$ROOT_HOME/.m2/repository"
  # those of its operator
  if [ -d /usr/local/share/ca-certificates ]; then
    cp -RL /usr/local/share/ca-certificates "$root/usr/local/share"
  fi
  git -C "$repository" ls-files -z --cached --others --exclude-standard |
    tar -C "$repository" --null -T - -c | tar -C "$root$CHECKOUT" -x --no-same-owner
  ln -sf /bin/false "$root/usr/lib/postgresql/99/bin/pg_dump"
  cp -L /etc/resolv.conf "$root/etc/resolv.conf"
}

# in_root NAME COMMAND...: in the checkout there. Its processes and mounts end with it, and it ends with us.
in_root() {
  local maven=''
  if [ "$quick" = yes ]; then
    maven=$HOME/.m2
    mkdir -p "$maven"
  fi
  # shellcheck disable=SC2016  # expanded by the inner shells
  setpriv --pdeathsig TERM timeout -k 5 "$limit" unshare --mount --pid --fork --kill-child bash -euc '
    root=$1 home=$2 checkout=$3 maven=$4
    shift 4
    mount -t proc proc "$root/proc"
    mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
    [ -z "$maven" ] || mount --bind "$maven" "$root$home/.m2"
    exec chroot "$root" env -u JAVA_HOME -u PG_BINDIR -u OPENAI_API_KEY -u AI_WORKER_REQUIRE_PLJAVA -u XDG_DATA_HOME HOME="$home" LANG=C \
      PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
      bash -c "cd \"\$0\" && exec \"\$@\"" "$checkout" "$@"
  ' bash "$CACHE/$1" "$ROOT_HOME" "$CHECKOUT" "$maven" "${@:2}" </dev/null 9>&-
}

# attempt NAME LOG COMMAND...: sets seconds and, unless it passes, failed.
attempt() {
  local name=$1 log=$logs/$1-$2.log started=$SECONDS status=0
  say "$name: ${*:3}"
  in_root "$name" "${@:3}" >"$log" 2>&1 || status=$?
  seconds=$((SECONDS - started))
  [ "$status" = 0 ] && return
  failed=yes
  [ "$status" != 124 ] || echo "stopped after $limit s" >>"$log"
  say "$name: ${*:3} failed; the end of $log:"
  tail -n 60 "$log"
  return 1
}

row() {
  # shellcheck disable=SC2059  # the format is a constant
  table+=$(printf "$ROW" "$@")$'\n'
}

describe() {
  # shellcheck disable=SC2016  # expanded in the root
  in_root "$1" bash -c '
    . /etc/os-release
    server=$(for initdb in /usr/lib/postgresql/*/bin/initdb; do "$initdb" --version; done | sed -E "s/.* ([0-9.]+) .*/\1/")
    jdk=$(javac -version 2>&1 | sed -E "s/^javac //")
    control=$(ls /usr/share/postgresql/*/extension/pljava.control 2>/dev/null || true)
    printf "%s|%s|%s|%s\n" "${PRETTY_NAME/ GNU\/Linux/}" "${server:--}" "${jdk:--}" "${control:+PL/Java}"' 2>/dev/null || echo "$1|-|-|"
}

quickstart() {
  local root=$1 runtime=$2 outcome=0
  attempt "$root" "quickstart-$runtime" install/quickstart.sh --runtime "$runtime" || outcome=1
  local taken=$seconds
  attempt "$root" "clean-$runtime" install/quickstart.sh --clean || outcome=1
  IFS='|' read -r system server jdk pljava < <(describe "$root")
  [ "$runtime" != auto ] || runtime=${pljava:-PL/Python}
  row "$system" "$server" "$jdk" "${runtime/plpython/PL/Python}" quickstart.sh - "$outcome" "$taken s"
}

run_root() {
  local root=$1 line seconds system server jdk pljava
  fill_root "$root"
  quickstart "$root" auto
  [ -z "$pljava" ] || quickstart "$root" plpython
  attempt "$root" test install/test.sh "${tests[@]}" || true
  local pattern='^==> tests (in )?([^,:]*).*: ([0-9]+) run, ([0-9]+) failed' counted=no
  IFS='|' read -r system server jdk pljava < <(describe "$root")
  while IFS= read -r line; do
    [[ $line =~ $pattern ]] || continue
    counted=yes
    row "$system" "$server" "$jdk" "${BASH_REMATCH[2]}" test.sh "${BASH_REMATCH[3]/#0/none}" "${BASH_REMATCH[4]}" "$seconds s"
  done <"$logs/$root-test.log"
  [ $counted = yes ] || row "$system" "$server" "$jdk" - test.sh 0 - "$seconds s"
}

run_it() {
  look_at_machine
  own_cache
  mkdir -p "$logs"
  # shellcheck disable=SC2059  # the format is a constant
  table=$(printf "$ROW" system server JDK runtime command tests failed time)$'\n'
  local root
  for root in "${roots[@]}"; do
    if ! wget -q -t 1 -T 20 -O /dev/null "$mirror/dists/$root/Release"; then
      [ ${#roots[@]} -gt 1 ] || cannot "no answer from $mirror for $root"
      row "$root" - - - "no mirror" - - -
    elif make_root "$root"; then
      run_root "$root"
    else
      failed=yes
      tail -n 20 "$logs/$root-debootstrap.log"
      row "$root" - - - debootstrap - 1 -
    fi
  done
  printf '\n%s' "$table"
  [ $failed = no ]
}

clean_it() {
  [ -e "$CACHE" ] || return 0
  own_cache
  ! grep -F " $CACHE/" /proc/mounts || die 1 "something is mounted in $CACHE" "unmount it, then run this again"
  rm -rf --one-file-system "$CACHE"
  say "deleted $CACHE"
}

main() {
  read_options "$@"
  "${action}_it"
}

main "$@"

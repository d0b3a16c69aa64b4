#!/usr/bin/env bash
# Makes a Debian or Ubuntu machine ready to build, test and run AI Worker. Installs only what is missing, as root; for
# anyone else it prints the command and fails. Prints nothing and needs no network when everything is there.
set -euo pipefail

# shellcheck source=install/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly MIN_SERVER=13 MIN_JAVA=17
tests=no

usage() {
  cat <<HELP
Usage: packages.sh [--tests]

Installs what is missing of: PostgreSQL's server (version $MIN_SERVER or later), a JDK ($MIN_JAVA or later), Maven, PL/Python,
and PL/Java where the machine's own package sources offer it.

  --tests   what the tests need too: pg_cron, plpgsql_check, shellcheck, pyflakes, psycopg2, curl, chromium with its
            driver, promtool alone of prometheus, and pgbouncer without its service

Exit codes: 0 everything is there, 1 something is missing and could not be installed, 2 wrong option
HELP
}

# The newest PostgreSQL server installed, by its major version; PG_BINDIR chooses another one.
server_major() {
  local initdb best='' major
  if [ -n "${PG_BINDIR:-}" ]; then
    "$PG_BINDIR/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/'
    return
  fi
  for initdb in /usr/lib/postgresql/*/bin/initdb; do
    major=${initdb#/usr/lib/postgresql/}
    major=${major%%/*}
    if [ -x "$initdb" ] && [[ $major =~ ^[0-9]+$ ]] && [ "$major" -ge "${best:-$MIN_SERVER}" ]; then
      best=$major
    fi
  done
  echo "$best"
}

# The one that Debian or Ubuntu would install.
offered_major() {
  apt-cache depends postgresql 2>/dev/null | sed -nE 's/^ *Depends: postgresql-([0-9]+)$/\1/p'
}

offered() {
  [[ $(apt-cache policy "$1" 2>/dev/null) =~ Candidate:\ *[^\(\ ] ]]
}

is_jdk() {
  local version
  [ -x "$1/bin/javac" ] && [ -f "$1/lib/server/libjvm.so" ] || return 1
  version=$("$1/bin/javac" -version 2>&1 | sed -nE 's/^javac ([0-9]+).*/\1/p')
  [[ $version =~ ^[0-9]+$ ]] && [ "$version" -ge $MIN_JAVA ]
}

jdk_is_there() {
  local javac
  javac=$(readlink -f "$(command -v javac)")
  is_jdk "${JAVA_HOME:-${javac%/bin/javac}}"
}

jdk_package() {
  if offered openjdk-17-jdk-headless; then
    echo openjdk-17-jdk-headless
  else
    echo default-jdk-headless
  fi
}

# Names of the packages to install, one a line.
missing() {
  local major extensions
  major=$(server_major)
  if [ -z "$major" ]; then
    major=$(offered_major)
    echo "postgresql-${major:-15}"
    major=${major:-15}
  fi
  jdk_is_there || jdk_package
  command -v mvn >/dev/null || echo maven
  extensions=/usr/share/postgresql/$major/extension
  [ -f "$extensions/plpython3u.control" ] || echo "postgresql-plpython3-$major"
  if [ "$tests" = yes ]; then
    [ -f "$extensions/pg_cron.control" ] || echo "postgresql-$major-cron"
    if [ ! -f "$extensions/plpgsql_check.control" ] && offered "postgresql-$major-plpgsql-check"; then
      echo "postgresql-$major-plpgsql-check"
    fi
    command -v shellcheck >/dev/null || echo shellcheck
    /usr/bin/python3 -c 'import pyflakes' 2>/dev/null || echo python3-pyflakes
    /usr/bin/python3 -c 'import psycopg2' 2>/dev/null || echo python3-psycopg2
    command -v curl >/dev/null || echo curl
    # Ubuntu's is a snap, which drivers cannot use
    if offered chromium-driver; then
      [ -x /usr/bin/chromium ] || echo chromium
      [ -x /usr/bin/chromedriver ] || echo chromium-driver
    fi
  fi
  if [ ! -f "$extensions/pljava.control" ] && offered "postgresql-$major-pljava"; then
    echo "postgresql-$major-pljava"
  fi
}

# Package and path of each program that is taken from its package alone, which would start a server.
missing_programs() {
  local package path
  [ "$tests" = yes ] || return 0
  while read -r package path; do
    if ! command -v "${path##*/}" >/dev/null && offered "$package"; then
      echo "$package $path"
    fi
  done <<<'prometheus usr/bin/promtool
pgbouncer usr/sbin/pgbouncer'
}

# install_program PACKAGE PATH
install_program() (
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  cd "$folder"
  # whom apt lets download
  chmod 755 . && { chown _apt . 2>/dev/null || true; }
  mapfile -t libraries < <(apt-cache depends "$1" | sed -nE 's/^ *Depends: (lib[^ ]+)$/\1/p')
  if [ ${#libraries[@]} -gt 0 ]; then
    apt-get -q install -y --no-install-recommends "${libraries[@]}" >/dev/null
  fi
  apt-get -q download "$1" >/dev/null
  dpkg-deb --fsys-tarfile "$1"_*.deb | tar -x "./$2"
  install "$2" /usr/local/bin
)

main() {
  while [ $# -gt 0 ]; do
    take_option '' "$@"
    shift "$taken"
    case $option in
      --tests) tests=yes ;;
      --help | -h)
        usage
        exit 0
        ;;
      *) unknown_option "$option" ;;
    esac
  done

  # Maven would use it whatever else is there
  [ -z "${JAVA_HOME:-}" ] || is_jdk "$JAVA_HOME" ||
    die 1 "JAVA_HOME=$JAVA_HOME is no JDK of version $MIN_JAVA or later" "unset it, or set it to such a JDK"

  local packages package path
  mapfile -t packages < <(missing)
  if [ ${#packages[@]} -eq 0 ] && { [ -z "$(missing_programs)" ] || [ "$(id -u)" != 0 ]; }; then
    return 0
  fi
  command -v apt-get >/dev/null || die 1 "missing, by the names of their Debian packages: ${packages[*]}" \
    "this machine has no apt-get: install the same with its own package manager"
  [ "$(id -u)" = 0 ] || die 1 "missing packages: ${packages[*]}" \
    "run: sudo apt-get update && sudo apt-get install ${packages[*]}"

  say "apt-get update"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q update >/dev/null || say "apt-get update failed; trying with the package lists at hand" >&2
  # fresh lists may know more: the server's version, PL/Java
  mapfile -t packages < <(missing)
  if [ ${#packages[@]} -gt 0 ]; then
    say "apt-get install ${packages[*]}"
    apt-get -q install -y --no-install-recommends "${packages[@]}" >/dev/null
  fi
  while read -r package path; do
    say "${path##*/} of $package, into /usr/local/bin"
    install_program "$package" "$path" </dev/null || say "${path##*/} could not be had; its test says so" >&2
  done < <(missing_programs)

  mapfile -t packages < <(missing)
  [ ${#packages[@]} -eq 0 ] || die 1 "still missing after apt-get install: ${packages[*]}" \
    "apt-cache policy ${packages[*]} shows what this machine can install"
}

main "$@"

#!/usr/bin/env bash
# Installs what the tests need where it is missing, then builds and runs all of them. With --full the long ones run as long
# as they can (docs/testing.md). Other arguments go to Maven.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

options=()
for option in "$@"; do
  [ "$option" != --full ] || option=-Dfull
  options+=("$option")
done

# One line for each runtime, and one for each reason why tests did not run.
summary() {
  local reports
  shopt -s nullglob
  reports=(target/surefire-reports/TEST-*.xml target/failsafe-reports/TEST-*.xml)
  [ ${#reports[@]} -gt 0 ] || return 0
  sed -nE 's/^<testsuite .* name="([^"]*)" time="[^"]*" tests="([0-9]+)" errors="([0-9]+)" skipped="([0-9]+)" failures="([0-9]+)".*/\1 \2 \3 \4 \5/p' \
    "${reports[@]}" | awk '
    {
      name = $1 ~ /\.PlJava/ ? "in PL/Java" : $1 ~ /\.PlPython/ ? "in PL/Python" : "elsewhere, ChaosIT and others in both"
      run[name] += $2 - $4; skipped[name] += $4; failed[name] += $3 + $5
    }
    END {
      for (name in run) {
        printf "==> tests %s: %d run, %d failed, %d skipped\n", name, run[name], failed[name], skipped[name]
      }
    }' | sort
  sed -nE 's/.*TestAbortedException: (Assumption failed: )?([^:]*: not .*)$/==> \2/p' "${reports[@]}" | sort -u
}

install/packages.sh --tests
rm -rf target/surefire-reports target/failsafe-reports
status=0
mvn -B -Dstyle.color=never verify "${options[@]}" || status=$?
# Maven ends with codes of colours, in the middle of a line
echo
summary
exit $status

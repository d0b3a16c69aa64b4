#!/usr/bin/env bash
# Installs what the tests need where it is missing, then builds and runs all of them. Arguments go to Maven.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
install/packages.sh --tests
exec mvn -B verify "$@"

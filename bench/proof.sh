#!/usr/bin/env bash
# Measures proofs on the sample schema of the tests in a throw-away cluster: time of each (p50, p99) after a round to warm up, and
# how much larger the backend gets over the attacks and the largest statements that pass the bounds. Prints two lines.
#
# Usage: bench/proof.sh
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
mvn -o verify -Dfull -Dit.test=ProofCostIT -Dspotless.check.skip | grep -E '(proofs|backend:) |ERROR|BUILD'

#!/bin/sh
# The whole service for a look around: builds it, makes a synthetic county, starts
# dcrd on the embedded store under $DIR, and the county that sends. Ends with Ctrl-C.
set -eu
DIR=${DIR:-./var} PEOPLE=${PEOPLE:-60} GO=${GO:-go}
mkdir -p "$DIR/bin"
BIN=$DIR/bin SIM=$DIR/sim CONFIG=$DIR/sim/dcrd.env
say() { printf '%s\n' "$*" >&2; }

say "Building ..."
$GO build -o "$BIN/" ./cmd/...
"$BIN/dcr-sim" pki --dir "$SIM" --data "$DIR/data" --people "$PEOPLE"

"$BIN/dcrd" -config "$CONFIG" 2>"$DIR/dcrd.log" &
DCRD=$!
SIMULATED=
stop() {
	trap - EXIT INT TERM
	[ -z "$SIMULATED" ] || kill "$SIMULATED" 2>/dev/null || true
	kill "$DCRD" 2>/dev/null || true
	wait 2>/dev/null || true
}
trap stop EXIT
trap 'stop; exit 0' INT TERM

tries=0
until "$BIN/dcr" --config "$CONFIG" status >/dev/null 2>&1; do
	tries=$((tries + 1))
	if [ $tries -gt 100 ] || ! kill -0 "$DCRD" 2>/dev/null; then
		say "dcrd did not start:"; tail -n 5 "$DIR/dcrd.log" >&2
		exit 1
	fi
	sleep 0.1
done
"$BIN/dcr" --config "$CONFIG" partners import "$SIM/partners.json"
"$BIN/dcr-sim" run --dir "$SIM" &
SIMULATED=$!

# The first person of the county, and somebody at their practice.
set -- $("$BIN/dcr-sim" people --dir "$SIM" --count 1)
NUMBER=$1 BORN=$2
for last; do case $last in gp-*) break ;; esac; done
GP=$last USER=$last-clinician-1
API=http://127.0.0.1:8080/fhir/R4
ID= tries=0
while command -v curl >/dev/null && [ -z "$ID" ] && [ $tries -lt 200 ]; do
	tries=$((tries + 1))
	sleep 0.1
	TOKEN=$("$BIN/dcr-sim" token --dir "$SIM" --user "$USER" 2>/dev/null) || continue
	ID=$(curl -s -H "Authorization: Bearer $TOKEN" --data-urlencode "identifier=https://fhir.nhs.uk/Id/nhs-number|$NUMBER" \
		"$API/Patient/_search" | sed -n 's/.*"resourceType":"Patient","id":"\([a-z0-9]*\)".*/\1/p')
done
# Their activation code, once their practice's messages are in. A run after that shows
# the same: another would be a recovery, of which they are told, if it was used.
CODE=$(find "$SIM/activation-code" -mtime -13 -exec cat {} + 2>/dev/null) || true
tries=0
until [ -n "$CODE" ] || [ $tries -gt 100 ]; do
	tries=$((tries + 1))
	CODE=$(printf '%s\n%s\n' "$NUMBER" "$BORN" | "$BIN/dcr" --config "$CONFIG" --json people code --person-file - 2>/dev/null |
		sed -n 's/.*"code": *"\([^"]*\)".*/\1/p') || true
	if [ -n "$CODE" ]; then
		(umask 077 && printf '%s\n' "$CODE" >"$SIM/activation-code")
	else
		sleep 0.1
	fi
done
cat >&2 <<EOM

The record is running: http://localhost:8080 (its log: $DIR/dcrd.log). Stop it with Ctrl-C.

  In a browser that has passkeys (a phone's or computer's lock, or a security key), open
  an account and read the whole record of one person:

    http://localhost:8080/enrol#code=$CODE
    activation code  $CODE
    NHS number       $NUMBER
    date of birth    $BORN (year-month-day)

  If you did that in an earlier run, log in with the passkey that you made.

  Or choose NHS login there, as somebody else of the county.

  What staff do, without a record: http://localhost:8080/staff
    $GP-receptionist-1 makes activation codes and prints their letters, $USER
    vouches for somebody who lost their passkeys, $GP-privacy-officer-1 answers
    "why did you look?"

In another terminal, in this folder:

  # sign in as a clinician of the practice (15 minutes), and find a person
  TOKEN=\$($BIN/dcr-sim token --dir $SIM --user $USER)
  curl -s -w '\n' -H "Authorization: Bearer \$TOKEN" --data-urlencode 'identifier=https://fhir.nhs.uk/Id/nhs-number|$NUMBER' $API/Patient/_search

  # read their results, and everything
  curl -s -w '\n' -H "Authorization: Bearer \$TOKEN" '$API/Observation?patient=${ID:-ID}&_count=3'
  curl -s -w '\n' -H "Authorization: Bearer \$TOKEN" '$API/Patient/${ID:-ID}/\$everything'

  # the person opts out: the next read is refused; and opts in again
  echo $NUMBER | $BIN/dcr --config $CONFIG people sharing set none --number-file -
  curl -s -w '\n' -H "Authorization: Bearer \$TOKEN" '$API/Observation?patient=${ID:-ID}&_count=3'
  echo $NUMBER | $BIN/dcr --config $CONFIG people sharing set share --number-file -

  # who looked, and that nobody changed what was written down
  $BIN/dcr --config $CONFIG ledger show
  $BIN/dcr --config $CONFIG ledger verify

  # another activation code (asks for an NHS number and a date of birth; see dcr-sim people)
  $BIN/dcr --config $CONFIG people code
  $BIN/dcr-sim people --dir $SIM

  # what waits in quarantine; all that an operator can do; who else can sign in
  $BIN/dcr --config $CONFIG feeds quarantine list
  $BIN/dcr --help
  $BIN/dcr-sim users --dir $SIM

EOM
wait "$DCRD"

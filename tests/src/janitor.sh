#!/usr/bin/env bash
# Clears up after one part that a test started.
#
# Lines on standard input say what the part owns. When the input ends, because the part is no longer
# needed or because the test process died in whatever way, everything named goes: processes first,
# then mounts, network links, rules and folders. Uses nothing but bash, iproute2 and coreutils.
set -u
trap '' INT TERM HUP

processes=() folders=() links=() networks=() rules=()
while IFS= read -r line; do
    value=${line#* }
    case $line in
        "process "*) processes+=("$value") ;;  # <id> <start time, as in /proc/<id>/stat>
        "folder "*) folders+=("$value") ;;     # also: every process that names it, every mount in it
        "link "*) links+=("$value") ;;         # a network link
        "network "*) networks+=("$value") ;;   # start of IPv4 addresses; bridges that hold one go
        "rule "*) rules+=("$value") ;;         # a firewall rule: "<table> <chain> <words>"
    esac
done

declare -A parent command state started

read_processes() {
    parent=() command=() state=() started=()
    local entry id stat words part text
    for entry in /proc/[0-9]*; do
        id=${entry#/proc/}
        { IFS= read -r stat <"$entry/stat"; } 2>/dev/null || continue
        stat=${stat##*) }
        read -ra words <<<"$stat"
        state[$id]=${words[0]} parent[$id]=${words[1]} started[$id]=${words[19]}
        text=
        while IFS= read -r -d '' part; do text+="$part "; done 2>/dev/null <"$entry/cmdline"
        command[$id]=$text
    done
}

# Ids of every living process that belongs to the part, its descendants with it.
owned() {
    local -A mine=()
    local id folder entry known grew=1
    for entry in "${processes[@]}"; do
        known=${entry#* }
        id=${entry%% *}
        [[ ${started[$id]:-} == "$known" ]] && mine[$id]=1
    done
    for id in "${!command[@]}"; do
        for folder in "${folders[@]}"; do
            [[ ${command[$id]} == *"$folder"* && $id != "$$" && $id != "$BASHPID" ]] && mine[$id]=1
        done
    done
    while ((grew)); do
        grew=0
        for id in "${!parent[@]}"; do
            if [[ -z ${mine[$id]:-} && -n ${mine[${parent[$id]}]:-} ]]; then
                mine[$id]=1 grew=1
            fi
        done
    done
    for id in "${!mine[@]}"; do
        [[ $id != "$$" && $id != "$BASHPID" && ${state[$id]} != Z ]] && echo "$id"
    done
}

# Killed at once: nothing of a test's own part needs a farewell, and an engine that stops in good
# order gives each container ten seconds.
for ((round = 0; round < 100; round++)); do
    read_processes
    mapfile -t alive < <(owned)
    ((${#alive[@]})) || break
    # A process that can start others goes first, so the order is: all are halted, then all are killed.
    kill -STOP "${alive[@]}" 2>/dev/null
    kill -KILL "${alive[@]}" 2>/dev/null
    sleep 0.05
done

for folder in "${folders[@]}"; do
    # Deepest first; a loop device goes with its mount.
    while IFS= read -r mount; do
        umount -l -d "$mount" 2>/dev/null || umount -l "$mount" 2>/dev/null
    done < <(
        while read -ra words; do
            [[ ${words[4]} == "$folder"/* || ${words[4]} == "$folder" ]] && printf '%s\n' "${words[4]}"
        done </proc/self/mountinfo | sort -r
    )
    # What an engine that was killed leaves among the control groups.
    for container in "$folder"/*/containers/*/ "$folder"/*/*/containers/*/; do
        id=$(basename "$container")
        [[ $id =~ ^[0-9a-f]{64}$ ]] && find /sys/fs/cgroup -depth -type d -path "*$id*" -exec rmdir {} + 2>/dev/null
    done
done

for network in "${networks[@]}"; do
    while read -r _ link _ address _; do
        [[ $address == "$network"* ]] && ip link del "$link" 2>/dev/null
    done < <(ip -o -4 addr show 2>/dev/null)
    # Rules that name one of these addresses; an engine that was killed leaves them.
    for table in nat filter; do
        while IFS= read -r rule; do
            [[ $rule == "-A "*" $network"* ]] || continue
            read -ra words <<<"${rule#-A }"
            iptables -w 5 -t "$table" -D "${words[@]}" 2>/dev/null
        done < <(iptables-save -t "$table" 2>/dev/null)
    done
done
for link in "${links[@]}"; do ip link del "$link" 2>/dev/null; done
for rule in "${rules[@]}"; do
    read -ra words <<<"$rule"
    iptables -w 5 -t "${words[0]}" -D "${words[@]:1}" 2>/dev/null
done
for folder in "${folders[@]}"; do
    rm -rf --one-file-system "$folder" 2>/dev/null || { sleep 0.3; rm -rf --one-file-system "$folder"; }
done
exit 0

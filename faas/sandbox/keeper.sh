# Ends what a killed host has left. $1 is how the markers of its processes begin, the other arguments are folders of
# control groups that hold one group for each process. The host alone holds the other end of the standard input.
trap '' HUP INT TERM
while read -r line; do
	[ "$line" = bye ] && exit 0
done
marker=$1
shift
round=0
while [ $round -lt 200 ]; do
	left=
	for dir; do
		for group in "$dir"/*/; do
			[ -d "$group" ] || continue
			[ -f "$group/cgroup.kill" ] && echo 1 >"$group/cgroup.kill"
			for pid in $(cat "$group/cgroup.procs"); do
				left=yes
				kill -9 "$pid"
			done
			# A frozen process is killed once it is thawed.
			[ -f "$group/freezer.state" ] && echo THAWED >"$group/freezer.state"
			[ -f "$group/cgroup.freeze" ] && echo 0 >"$group/cgroup.freeze"
			rmdir "$group"
		done
	done
	for folder in /proc/[0-9]*; do
		case $(cat "$folder/environ") in
		*"WEFT_SANDBOX=$marker"*)
			left=yes
			kill -9 "${folder#/proc/}"
			;;
		esac
	done
	for dir; do
		rmdir "$dir"
		[ -d "$dir" ] && left=yes
	done
	[ -z "$left" ] && exit 0
	round=$((round + 1))
	sleep 0.1
done
exit 1

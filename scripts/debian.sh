# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# To be sourced: packages of Debian for another machine or release than this host's, from the
# mirror of Debian's archive that apt has here ($DEBIAN_MIRROR: another). Nothing is installed:
#
#	debian_open ARCHITECTURE SUITE...	a state of apt of our own, in $state, removed at the end
#	debian_apt COMMAND...			apt-COMMAND on it
#	debian_unpack DIR			there what lies in $state as .deb
#
# A suite is ARCHIVE/NAME: debian/bookworm. apt checks the archive's signature; the host's
# lists of packages, and what it knows to be installed, are not touched.

debian_apt() {
	debian_command=$1
	shift
	"apt-$debian_command" -o APT::Sandbox::User=root -o APT::Architecture="$debian_arch" \
		-o APT::Architectures::="$debian_arch" -o Acquire::Languages=none \
		-o Dir::Etc::SourceList="$state/sources" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$state/lists" -o Dir::State::Status="$state/status" \
		-o Dir::Cache="$state/cache" "$@"
}

debian_open() {
	debian_arch=$1
	shift
	# shellcheck disable=SC2016 # apt expands it
	debian_mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' \
		'Created-By: Packages' | sed -n 's,/debian/*$,,p' | head -n 1)}
	if [ -z "$debian_mirror" ]; then
		echo "${0##*/}: apt has no mirror of Debian here; say it in DEBIAN_MIRROR" >&2
		return 1
	fi
	state=$(mktemp -d)
	trap 'rm -rf "$state"' EXIT
	trap 'exit 1' HUP INT TERM
	mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
	: >"$state/status"
	for debian_suite; do
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
			"$debian_mirror/${debian_suite%/*} ${debian_suite#*/} main"
	done >"$state/sources"
	debian_apt get -qq update >&2
}

debian_unpack() {
	mkdir -p "$1"
	find "$state" -name '*.deb' | while read -r debian_deb; do
		dpkg-deb --fsys-tarfile "$debian_deb" | tar -x -C "$1" || exit
	done
}

#!/bin/sh
# What machine.rs does inside new namespaces: step $1 for the machine whose files are below $2; STEPS holds this text.
set -eu
step=$1
dir=$2
cgroup=$dir/cgroup/${dir##*/}

case $step in
hold)
    # This namespace, and with it the machine's disk, lasts until the test closes the pipe or dies.
    mount -t tmpfs -o mode=0755 disk "$dir"
    mkdir "$dir/upper" "$dir/work" "$dir/root" "$dir/cgroup"
    mount -t cgroup2 cgroup2 "$dir/cgroup"
    mkdir "$cgroup"
    echo ready
    cat
    find "$cgroup" -depth -type d -exec rmdir {} +
    ;;
power-on)
    # A cgroup of its own: two systemds that share one would each end what the other has started.
    echo 0 > "$cgroup/cgroup.procs"
    exec unshare --fork --kill-child --pid --mount --propagation private --uts --ipc --cgroup --net \
        sh -c "$STEPS" machine.sh boot "$dir"
    ;;
boot)
    cd "$dir/root"
    mount -t overlay -o "lowerdir=/,upperdir=$dir/upper,workdir=$dir/work" disk .
    cd "$dir/root"
    if [ ! -e etc/hello-server-machine ]; then
        # Nothing of what runs on the machine below is to run on this one.
        # Generators would make units out of its disks and scripts, at every daemon-reload anew.
        rm -rf etc/systemd/system etc/fstab usr/lib/systemd/system-generators
        mkdir etc/systemd/system
        touch etc/hello-server-machine
    fi
    mount -t proc proc proc
    # The kernel is shared, and so are its settings.
    mount --bind proc/sys proc/sys
    mount -o remount,bind,ro proc/sys
    mount -t sysfs -o ro sysfs sys
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    mount -t tmpfs -o mode=0755 run run
    mount -t tmpfs -o mode=1777 tmp tmp
    mount -t tmpfs -o mode=0755 dev dev
    for device in null zero full random urandom tty; do
        touch "dev/$device"
        mount --bind "/dev/$device" "dev/$device"
    done
    mkdir dev/pts dev/shm
    mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
    mount -t tmpfs -o mode=1777 shm dev/shm
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    # Not chroot: whoever is in one gets no user namespace, which PrivateUsers= needs.
    pivot_root . mnt
    umount -l mnt
    unset STEPS
    export container=other
    exec /lib/systemd/systemd --system --unit=multi-user.target
    ;;
esac

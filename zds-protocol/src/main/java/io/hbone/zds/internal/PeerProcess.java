package io.hbone.zds.internal;

/**
 * Who is at the other end of a socket, as the kernel saw it when the two were connected (SO_PEERCRED, unix(7)).
 *
 * @param pid 0 when it cannot be seen from this process's pid namespace
 * @param uid 65534 when it does not exist in this process's user namespace
 */
public record PeerProcess(int pid, int uid, int gid) {
    /** The user that this process runs as. */
    public static int ownUid() {
        return Libc.C.geteuid();
    }

    @Override
    public String toString() {
        return "process " + pid + " of user " + uid;
    }
}

package io.hbone.zds.internal;

import com.sun.jna.LastErrorException;
import java.io.IOException;

/** A system call failed. The message says which, on what, and the system's own reason. */
public final class UnixException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int number;

    UnixException(String what, int number) {
        super(what + ": " + Libc.C.strerror(number) + " (errno " + number + ')');
        this.number = number;
    }

    static UnixException of(String what, LastErrorException e) {
        return new UnixException(what, e.getErrorCode());
    }

    /** Nobody listens there, or nothing is there. */
    public boolean isNobodyThere() {
        return number == Libc.ECONNREFUSED || number == Libc.ENOENT;
    }

    boolean isReset() {
        return number == Libc.ECONNRESET;
    }

    /** It is this message that could not be sent; the next one may be. */
    public boolean isAboutTheMessage() {
        return number == Libc.EMSGSIZE || number == Libc.ETOOMANYREFS || number == Libc.EBADF;
    }
}

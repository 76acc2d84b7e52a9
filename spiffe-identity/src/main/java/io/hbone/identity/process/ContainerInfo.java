package io.hbone.identity.process;

import com.nimbusds.jose.util.JSONObjectUtils;
import java.text.ParseException;

/** What a container runtime says of a container beyond the interface: JSON, of which containerd and CRI-O have the process id. */
final class ContainerInfo {
    static final int NO_PID = 0;

    private ContainerInfo() {}

    /** The id of the container's process, or {@link #NO_PID} when it does not say one that can be. */
    static int pid(String json) {
        try {
            Object pid = JSONObjectUtils.parse(json).get("pid");
            if (pid instanceof Number number
                    && number.longValue() > 0
                    && number.longValue() <= Integer.MAX_VALUE
                    && number.doubleValue() == number.longValue()) {
                return number.intValue();
            }
            return NO_PID;
        } catch (ParseException e) {
            return NO_PID;
        }
    }
}

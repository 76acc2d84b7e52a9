package io.hbone.identity.testing;

import io.hbone.core.IdentitySource;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import java.util.ArrayList;
import java.util.List;

/** Notes what it is told. */
public final class RecordingListener implements IdentitySource.Listener {
    public final List<WorkloadCertificate> rotated = new ArrayList<>();
    public final List<String> errors = new ArrayList<>();

    @Override
    public void onRotated(WorkloadCertificate replacement) {
        rotated.add(replacement);
    }

    @Override
    public void onError(TunnelException error) {
        errors.add(error.getMessage());
    }
}

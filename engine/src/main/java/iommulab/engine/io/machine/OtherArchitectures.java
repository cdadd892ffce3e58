package iommulab.engine.io.machine;

import iommulab.engine.session.Architecture;
import iommulab.engine.session.CommandRefused;
import iommulab.engine.session.Session;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletionException;

/// One machine with the IOMMUs of other architectures, each switched on when it is first asked for.
final class OtherArchitectures implements AutoCloseable {
    private final Session original;
    private final Map<Architecture, Session> converted = new EnumMap<>(Architecture.class);

    OtherArchitectures(Session original) {
        this.original = original;
    }

    /// @throws CommandRefused if that architecture cannot do what the machine does
    /// @throws CompletionException if it cannot be asked; the cause says why
    Session on(Architecture architecture) throws CommandRefused {
        var there = converted.get(architecture);
        if (there == null) {
            var saved = original.converted(architecture).join();
            there = Session.open(saved.description(), saved.journal());
            converted.put(architecture, there);
        }
        return there;
    }

    @Override
    public void close() {
        converted.values().forEach(Session::close);
    }
}

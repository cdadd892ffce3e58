package iommulab.app.walk;

import iommulab.app.shell.OtherMachine;
import iommulab.engine.session.Architecture;

import java.util.ArrayList;
import java.util.List;

/// What stands beside a walk for comparison.
sealed interface Beside {
    /// The same request with the caches as they are, or without what is in them.
    record OtherCaches() implements Beside {}

    /// The same request in the same machine with another IOMMU, its caches empty.
    record On(Architecture architecture) implements Beside {}

    /// A request of its own.
    record Another() implements Beside {}

    /// A request in another machine.
    record In(OtherMachine other) implements Beside {}

    /// A request in a machine that is still to be chosen.
    record InAFile() implements Beside {}

    default String words() {
        return switch (this) {
            case OtherCaches _ -> "same request, other caches";
            case On(var architecture) -> "same request on " + architecture.words();
            case Another _ -> "another request";
            case In(var other) -> "request in " + other.name();
            case InAFile _ -> "request in another file…";
        };
    }

    /// What the title of the other walk begins with.
    default String prefix() {
        return switch (this) {
            case On(var architecture) -> architecture.words() + ", ";
            case In(var other) -> other.name() + ", ";
            case OtherCaches _, Another _, InAFile _ -> "";
        };
    }

    /// Whether it is about a request that is put together beside.
    default boolean hasOwnRequest() {
        return switch (this) {
            case Another _, In _ -> true;
            case OtherCaches _, On _, InAFile _ -> false;
        };
    }

    static List<Beside> all() {
        var all = new ArrayList<Beside>();
        all.add(new OtherCaches());
        all.add(new Another());
        for (var architecture : Architecture.OF_MACHINES) {
            all.add(new On(architecture));
        }
        all.add(new InAFile());
        return List.copyOf(all);
    }
}

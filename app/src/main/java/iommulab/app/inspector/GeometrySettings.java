package iommulab.app.inspector;

import iommulab.app.inspector.Section.Choice;
import iommulab.app.inspector.Section.Setting;
import iommulab.engine.cache.CacheGeometry;
import iommulab.engine.cache.CacheKind;
import iommulab.engine.cache.Replacement;
import iommulab.engine.session.Command;
import iommulab.engine.session.MachineSnapshot.Unit;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The shapes of an IOMMU's caches as things that can be set: sets, ways, replacement of each kind.
/// Only shapes that a cache can have are offered.
final class GeometrySettings {
    private static final int MOST_SETS_LOG = 16;
    private static final List<Integer> WAYS = List.of(1, 2, 3, 4, 6, 8, 12, 16, 32, 64);
    private static final String EMPTIES = "A change empties the cache.";

    private final Unit unit;
    private final List<Setting> settings = new ArrayList<>();

    private GeometrySettings(Unit unit) {
        this.unit = unit;
    }

    static Section of(Unit unit) {
        var made = new GeometrySettings(unit);
        for (var kind : CacheKind.values()) {
            unit.cachesAndDeviceTlbs().stream()
                    .filter(cache -> cache.kind() == kind)
                    .findFirst()
                    .ifPresent(cache -> made.add(kind, cache.geometry()));
        }
        return new Section.Settings("Shape of caches", made.settings);
    }

    private void add(CacheKind kind, CacheGeometry now) {
        var sizes = new TreeSet<>(List.of(0, now.sets()));
        IntStream.rangeClosed(0, MOST_SETS_LOG).forEach(log -> sizes.add(1 << log));
        var ways = new TreeSet<>(WAYS);
        ways.add(now.ways());
        settings.add(
                setting(
                        kind,
                        "sets",
                        "Sets of the cache. " + EMPTIES,
                        words(now.sets()),
                        sizes.stream()
                                .flatMap(sets ->
                                        choice(
                                                kind,
                                                words(sets),
                                                sets,
                                                now.ways(),
                                                now.replacement()))));
        settings.add(
                setting(
                        kind,
                        "ways",
                        "Entries in each set. " + EMPTIES,
                        String.valueOf(now.ways()),
                        ways.stream()
                                .flatMap(number ->
                                        choice(
                                                kind,
                                                String.valueOf(number),
                                                now.sets(),
                                                number,
                                                now.replacement()))));
        settings.add(
                setting(
                        kind,
                        "replaces",
                        "Which entry of a full set makes room. " + EMPTIES,
                        words(now.replacement()),
                        Stream.of(Replacement.values())
                                .flatMap(who ->
                                        choice(kind, words(who), now.sets(), now.ways(), who))));
    }

    private static String words(int sets) {
        return sets == 0 ? "0: off" : String.valueOf(sets);
    }

    private static String words(Replacement replacement) {
        return replacement.name().replace('_', '-');
    }

    private static Setting setting(
            CacheKind kind, String name, String about, String value, Stream<Choice> choices) {
        return new Setting(kind.words(), name, about, value, choices.toList());
    }

    private Stream<Choice> choice(
            CacheKind kind, String words, int sets, int ways, Replacement replacement) {
        return shape(sets, ways, replacement).stream()
                .map(shape ->
                        new Choice(words, new Command.SetCacheGeometry(unit.name(), kind, shape)));
    }

    private static Optional<CacheGeometry> shape(int sets, int ways, Replacement replacement) {
        try {
            return Optional.of(new CacheGeometry(sets, ways, replacement));
        } catch (IllegalArgumentException noSuchShape) {
            return Optional.empty();
        }
    }
}

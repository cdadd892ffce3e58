package iommulab.engine.session;

import static java.nio.charset.StandardCharsets.UTF_8;

import iommulab.engine.os.Kernel;
import iommulab.engine.os.OpenFile;
import iommulab.engine.os.call.Answer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Ways to the calls that succeed only after others: what a call of a route returned is what `<field>` stands
/// for in those after it. A step is left out now and then, and other calls come between, so that a route
/// also ends in places that nobody planned.
final class CallRoutes {
    private static final Pattern PLACE = Pattern.compile("<([a-z_]+)>");

    /// Paragraphs of the list: beginnings by name, and routes.
    private static final Map<String, List<String>> BEGINNINGS = new HashMap<>();

    private static final List<List<String>> ROUTES = new ArrayList<>();

    static {
        for (var paragraph : list().split("\n\n+")) {
            var steps =
                    paragraph
                            .lines()
                            .filter(line -> !line.startsWith("#"))
                            .flatMap(CallRoutes::withBeginning)
                            .toList();
            if (!steps.isEmpty() && steps.getFirst().endsWith(":")) {
                var name = steps.getFirst().replace(":", "");
                BEGINNINGS.put(name, steps.subList(1, steps.size()));
            } else if (!steps.isEmpty()) {
                ROUTES.add(steps);
            }
        }
    }

    private static String list() {
        try (var list = CallRoutes.class.getResourceAsStream("call-routes.txt")) {
            return new String(Objects.requireNonNull(list).readAllBytes(), UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private static Stream<String> withBeginning(String line) {
        return line.startsWith("begin ")
                ? BEGINNINGS.get(line.substring("begin ".length())).stream()
                : Stream.of(line);
    }

    /* Devices that VFIO may have, each with its group. */
    private static final Map<String, String> GROUPS =
            Map.of("devA", "1", "devB", "2", "devC", "2", "devD", "3");
    private static final Map<String, String> CLOSINGS =
            Map.of(
                    "kvmdev", "kvm.device_close(kvmdev=%s)",
                    "cdev", "vfio.cdev_close(cdev=%s)",
                    "device", "vfio.device_close(device_fd=%s)",
                    "group", "vfio.group_close(group_fd=%s)",
                    "container", "vfio.container_close(container=%s)");

    private static final List<String> VIRTUAL = List.of("selftest", "arm_smmuv3", "amd");

    private final Random random;
    private final Kernel kernel;
    private final String virtual;
    private final Deque<String> left = new ArrayDeque<>();
    private final Map<String, String> said = new HashMap<>();

    CallRoutes(Architecture architecture, Random random, Kernel kernel) {
        virtual =
                switch (architecture) {
                    case SMMUV3 -> "arm_smmuv3";
                    case AMD_VI -> "amd";
                    case VTD_LEGACY, VTD_SCALABLE, RISCV, SELFTEST -> "selftest";
                };
        this.random = random;
        this.kernel = kernel;
    }

    /// The next call of a route, now and then of a new one; empty where any other call may come.
    Optional<String> next() {
        if (left.isEmpty()) {
            if (random.nextInt(8) > 0) {
                return Optional.empty();
            }
            begin();
        }
        if (random.nextInt(12) == 0) {
            return Optional.empty();
        }
        var step = left.removeFirst();
        if (step.equals("free")) {
            closings().forEach(left::addFirst);
            return next();
        }
        return random.nextInt(20) == 0 ? Optional.empty() : Optional.of(filled(step));
    }

    private void begin() {
        said.clear();
        var device = one(GROUPS.keySet().stream().sorted().toList());
        said.put("device", device);
        said.put("group", GROUPS.getOrDefault(device, ""));
        said.put("viommu", random.nextInt(6) == 0 ? one(VIRTUAL) : virtual);
        left.addAll(one(ROUTES));
    }

    /// Those that let go of devices.
    private List<String> closings() {
        return kernel.files().all().stream()
                .map(OpenFile::handle)
                .filter(handle -> CLOSINGS.containsKey(kind(handle)))
                .map(handle -> CLOSINGS.get(kind(handle)).formatted(handle))
                .toList();
    }

    private static String kind(String handle) {
        return handle.replaceAll("[0-9]+$", "");
    }

    /// What a call of the route returned is what those after it name.
    void learn(Answer answer) {
        if (!left.isEmpty()) {
            answer.returns().forEach((field, value) -> said.put(field, value.toString()));
        }
    }

    private String filled(String step) {
        return PLACE.matcher(step).replaceAll(this::filled);
    }

    private String filled(MatchResult place) {
        return Matcher.quoteReplacement(said.getOrDefault(place.group(1), "1"));
    }

    private <T> T one(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }
}

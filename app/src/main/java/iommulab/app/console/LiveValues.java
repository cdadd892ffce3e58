package iommulab.app.console;

import iommulab.engine.os.SoftwareView.Node;
import iommulab.engine.os.call.Vocabulary.Parameter;
import iommulab.engine.session.MachineSnapshot;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// What an argument could be on this machine, now: open files, numbers of objects, functions, groups,
/// processes, buffers, domains, IOMMUs.
final class LiveValues {
    /* By argument: how the handles begin that it takes. */
    private static final Map<String, Set<String>> FILES =
            Map.ofEntries(
                    Map.entry("iommufd", Set.of("iommufd")),
                    Map.entry("cdev", Set.of("cdev")),
                    Map.entry("container", Set.of("container", "iommufd")),
                    Map.entry("group_fd", Set.of("group")),
                    Map.entry("device_fd", Set.of("device")),
                    Map.entry("vm", Set.of("vm")),
                    Map.entry("kvmdev", Set.of("kvmdev")),
                    Map.entry("access", Set.of("access")),
                    Map.entry("handle", Set.of("sva")),
                    Map.entry("fd", Set.of("fault", "veventq", "cdev", "group", "device")));
    /* By argument: types of the objects whose number it takes; empty for all of them. */
    private static final Map<String, Set<String>> OBJECTS =
            Map.ofEntries(
                    Map.entry("ioas_id", Set.of("IOAS")),
                    Map.entry("src_ioas_id", Set.of("IOAS")),
                    Map.entry("dst_ioas_id", Set.of("IOAS")),
                    Map.entry("hwpt_id", Set.of("HWPT_PAGING", "HWPT_NESTED", "VIOMMU")),
                    Map.entry("pt_id", Set.of("IOAS", "HWPT_PAGING", "HWPT_NESTED", "VIOMMU")),
                    Map.entry("dev_id", Set.of("DEVICE")),
                    Map.entry("fault_id", Set.of("FAULT")),
                    Map.entry("viommu_id", Set.of("VIOMMU")),
                    Map.entry("id", Set.of()),
                    Map.entry("object_id", Set.of()));

    private final MachineSnapshot machine;

    LiveValues(MachineSnapshot machine) {
        this.machine = machine;
    }

    /// @param ofKernel whether the call is the kernel's, where functions have names
    /// @param iommufd handle of the IOMMUFD that the call is about; empty if it is not known
    List<Proposal> of(Parameter parameter, boolean ofKernel, String iommufd) {
        var name = parameter.name();
        if (FILES.containsKey(name)) {
            return files(FILES.getOrDefault(name, Set.of()));
        }
        if (OBJECTS.containsKey(name) && ofKernel) {
            return objects(OBJECTS.getOrDefault(name, Set.of()), iommufd);
        }
        return switch (name) {
            case "device", "function", "like", "target", "parent" ->
                    ofKernel ? named() : functions();
            case "process" -> nodes("process");
            case "group" -> groups();
            case "user_va", "vaddr", "range" -> buffers();
            case "domain" -> domains();
            case "unit" ->
                    machine.units().stream()
                            .map(unit -> new Proposal(unit.name(), unit.architecture()))
                            .toList();
            default -> answered(name);
        };
    }

    private List<Proposal> files(Set<String> kinds) {
        return machine.software().nodes().stream()
                .filter(node -> node.within().isEmpty())
                .filter(node -> kinds.contains(node.key().replaceAll("\\d+$", "")))
                .map(node -> new Proposal(node.key(), node.type()))
                .toList();
    }

    private List<Proposal> objects(Set<String> types, String iommufd) {
        return machine.software().nodes().stream()
                .filter(node -> node.id() != 0)
                .filter(node -> types.isEmpty() || types.contains(node.type()))
                .filter(node -> iommufd.isEmpty() || node.within().equals(iommufd))
                .map(node -> new Proposal("" + node.id(), about(node, iommufd)))
                .toList();
    }

    private static String about(Node node, String iommufd) {
        return iommufd.isEmpty() ? node.type() + " of " + node.within() : node.type();
    }

    private List<Proposal> nodes(String type) {
        return machine.software().nodes().stream()
                .filter(node -> node.type().equals(type))
                .map(node -> new Proposal(node.key(), type))
                .toList();
    }

    private List<Proposal> functions() {
        return machine.topology().functions().stream()
                .map(function ->
                        new Proposal(
                                function.address().toString(),
                                function.driver().orElse("no driver")))
                .toList();
    }

    /// Functions of groups by the names that the kernel's calls use, then the others by address.
    private List<Proposal> named() {
        var found = new ArrayList<Proposal>();
        for (var group : machine.software().groups()) {
            for (var member : group.members()) {
                found.add(
                        new Proposal(
                                member.name(),
                                "group %d, %s"
                                        .formatted(
                                                group.id(),
                                                member.driver().isEmpty()
                                                        ? "no driver"
                                                        : member.driver())));
            }
        }
        found.addAll(nodes("mediated device"));
        return found.isEmpty() ? functions() : found;
    }

    private List<Proposal> groups() {
        return machine.software().groups().stream()
                .map(group ->
                        new Proposal(
                                "" + group.id(),
                                group.members().stream()
                                        .map(member -> member.name())
                                        .collect(Collectors.joining(", "))))
                .toList();
    }

    private List<Proposal> buffers() {
        var found = new ArrayList<Proposal>();
        for (var node : machine.software().nodes()) {
            if (node.type().equals("process")) {
                node.facts().stream()
                        .filter(fact -> fact.value().contains(" bytes"))
                        .forEach(fact ->
                                found.add(
                                        new Proposal(
                                                fact.name(), node.key() + ", " + fact.value())));
            }
        }
        return found;
    }

    private List<Proposal> domains() {
        return machine.domains().stream()
                .map(domain -> new Proposal("" + domain.id(), domain.name()))
                .toList();
    }

    /// What calls have returned under this name, newest first.
    private List<Proposal> answered(String name) {
        var field = Pattern.compile("\\b%s=([^ ,\\]}]+)".formatted(Pattern.quote(name)));
        var found = new LinkedHashMap<String, Proposal>();
        for (var entry : machine.journal().entries().reversed()) {
            var result = field.matcher(entry.result());
            if (entry.number() <= machine.journal().position() && result.find()) {
                found.putIfAbsent(
                        result.group(1),
                        new Proposal(result.group(1), "answer of #" + entry.number()));
            }
        }
        return List.copyOf(found.values());
    }
}

package iommulab.app.software;

import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.SoftwareView.Node;

import java.util.List;
import java.util.Optional;

/// Whether a virtual machine's devices snoop CPU caches: a light for each file that it was told of, and one
/// for the machine, which follows from them whenever the list changes. Pure.
///
/// @param coherent the machine's light as the kernel has it
/// @param stale whether the files say otherwise by now: the kernel looks again when the list changes
/// @param cpus the machine's virtual CPUs, a line each
record Lights(boolean coherent, boolean stale, List<Light> files, List<String> cpus) {
    Lights {
        files = List.copyOf(files);
        cpus = List.copyOf(cpus);
    }

    /// @param forces whether all DMA by the file can be forced to snoop
    record Light(String file, boolean forces) {}

    /// Empty for what is no virtual machine and has none.
    static Optional<Lights> of(SoftwareView software, Node node) {
        var machine =
                node.type().equals("virtual machine")
                        ? Optional.of(node)
                        : node.type().equals("KVM's VFIO device")
                                ? software.edges().stream()
                                        .filter(e -> e.from().equals(node.key()))
                                        .flatMap(e -> software.node(e.to()).stream())
                                        .filter(n -> n.type().equals("virtual machine"))
                                        .findFirst()
                                : Optional.<Node>empty();
        return machine.map(vm -> of(vm, files(software, vm)));
    }

    private static List<Light> files(SoftwareView software, Node machine) {
        return software.keeping(machine.key()).stream()
                .flatMap(e -> software.node(e.from()).stream())
                .filter(n -> n.type().equals("KVM's VFIO device"))
                .flatMap(list ->
                        software.edges().stream()
                                .filter(e -> e.from().equals(list.key()))
                                .flatMap(e -> software.node(e.to()).stream()))
                .filter(file -> file.fact("forces snooping").isPresent())
                .map(file ->
                        new Light(file.key(), file.fact("forces snooping").get().equals("true")))
                .toList();
    }

    private static Lights of(Node machine, List<Light> files) {
        boolean coherent = machine.fact("coherent").filter("true"::equals).isPresent();
        return new Lights(
                coherent,
                coherent != files.stream().allMatch(Light::forces),
                files,
                machine.facts().stream()
                        .filter(fact -> fact.name().startsWith("virtual CPU"))
                        .map(fact ->
                                fact.name()
                                        + " "
                                        + fact.value()
                                                .replace(
                                                        "not written back on []",
                                                        "nothing to write back"))
                        .toList());
    }
}

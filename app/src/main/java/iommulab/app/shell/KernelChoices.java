package iommulab.app.shell;

import iommulab.engine.os.SoftwareView;
import iommulab.engine.os.SoftwareView.Member;
import iommulab.engine.os.SoftwareView.Node;

import java.util.List;

/// What there is to choose from for arguments of calls.
public record KernelChoices(SoftwareView software) {
    /// Keys of files and processes of a type.
    public List<String> ofType(String... types) {
        return software.nodes().stream()
                .filter(node -> node.within().isEmpty() && List.of(types).contains(node.type()))
                .map(Node::key)
                .toList();
    }

    public List<String> processes() {
        return ofType("process");
    }

    /// Numbers of a file's objects of some types, the newest first.
    public List<String> ids(String file, String... types) {
        return software.nodes().stream()
                .filter(node -> node.within().equals(file) && List.of(types).contains(node.type()))
                .map(node -> Integer.toString(node.id()))
                .toList()
                .reversed();
    }

    /// Functions, those first that VFIO has.
    public List<String> devices() {
        return software.groups().stream()
                .flatMap(group -> group.members().stream())
                .sorted((a, b) -> Boolean.compare(isVfio(b), isVfio(a)))
                .map(Member::name)
                .toList();
    }

    /// Numbers of groups, those first that VFIO has.
    public List<String> groups() {
        return software.groups().stream()
                .sorted((a, b) -> Boolean.compare(hasVfio(b), hasVfio(a)))
                .map(group -> Integer.toString(group.id()))
                .toList();
    }

    private static boolean hasVfio(SoftwareView.Group group) {
        return group.members().stream().anyMatch(KernelChoices::isVfio);
    }

    private static boolean isVfio(Member member) {
        return member.driver().contains("vfio");
    }

    /// Pieces of memory of a process, by their names.
    public List<String> buffers() {
        return software.nodes().stream()
                .filter(node -> node.type().equals("process"))
                .flatMap(node -> node.facts().stream())
                .filter(fact -> fact.value().contains(" bytes"))
                .map(SoftwareView.Fact::name)
                .distinct()
                .toList();
    }
}

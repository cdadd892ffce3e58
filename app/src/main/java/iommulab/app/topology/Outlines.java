package iommulab.app.topology;

import iommulab.engine.group.Grouping;
import iommulab.engine.group.ProofStep;
import iommulab.engine.pci.PciAddress;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Draws a group once around everything of it that hangs together: a bridge with all that is below it,
/// or neighbours. What does not hang together gets an outline of its own with the same number.
final class Outlines {
    private static final int MIXED = -2;
    private static final int NONE = -1;

    private final Picture picture;
    private final Grouping grouping;
    private final Map<PciAddress, Integer> numbers;
    private final int selected;
    private final Map<Integer, List<Box>> below = new HashMap<>();
    private final int[] uniform;
    private final List<Outline> outlines = new ArrayList<>();

    private Outlines(
            Picture picture, Grouping grouping, Map<PciAddress, Integer> numbers, int selected) {
        this.picture = picture;
        this.grouping = grouping;
        this.numbers = numbers;
        this.selected = selected;
        this.uniform = new int[picture.boxes().size()];
    }

    /// @param numbers group of each function
    /// @param selected group that is selected, -1 if none
    static List<Outline> of(
            Picture picture, Grouping grouping, Map<PciAddress, Integer> numbers, int selected) {
        var outlines = new Outlines(picture, grouping, numbers, selected);
        outlines.findWhatIsUniform();
        outlines.rootBuses();
        return List.copyOf(outlines.outlines);
    }

    private void findWhatIsUniform() {
        for (var box : picture.boxes()) {
            if (counts(box)) {
                below.computeIfAbsent(box.above(), _ -> new ArrayList<>()).add(box);
            }
        }
        for (int i = picture.boxes().size() - 1; i >= 0; i--) {
            var box = picture.boxes().get(i);
            int group = own(box);
            for (var child : below.getOrDefault(box.id(), List.of())) {
                group = group == uniform[child.id()] ? group : MIXED;
            }
            uniform[box.id()] = group;
        }
    }

    private static boolean counts(Box box) {
        return box.isFunction() && box.kind() != Box.Kind.ROW;
    }

    private int own(Box box) {
        int group = NONE;
        boolean first = true;
        for (var function : box.functions()) {
            int its = numbers.getOrDefault(function, NONE);
            group = first || its == group ? its : MIXED;
            first = false;
        }
        return group;
    }

    private void rootBuses() {
        var run = new ArrayList<Box>();
        for (var box : picture.boxes()) {
            if (box.kind() == Box.Kind.COMPLEX) {
                siblings(run);
                run.clear();
            } else if (counts(box) && box.above() == -1) {
                run.add(box);
            }
        }
        siblings(run);
    }

    private void siblings(List<Box> boxes) {
        for (int i = 0; i < boxes.size(); ) {
            int end = i + 1;
            int group = uniform[boxes.get(i).id()];
            while (end < boxes.size()
                    && group >= 0
                    && uniform[boxes.get(end).id()] == group
                    && boxes.get(end).at().x() == boxes.get(i).at().x()
                    && boxes.get(end).at().y() > boxes.get(i).at().y()) {
                end++;
            }
            if (end - i > 1) {
                around(group, boxes.subList(i, end));
            } else {
                one(boxes.get(i));
            }
            i = end;
        }
    }

    private void around(int group, List<Box> boxes) {
        var rect = boxes.getFirst().extent();
        for (var box : boxes) {
            rect = rect.with(box.extent());
        }
        boolean bare = boxes.stream().allMatch(b -> b.at().equals(b.extent()));
        outlines.add(
                new Outline(
                        group,
                        bare ? rect.grown(5, 9, 5) : rect.grown(-2, -7, -2),
                        true,
                        label(group),
                        group == selected));
    }

    private void one(Box box) {
        int group = uniform[box.id()];
        var children = below.getOrDefault(box.id(), List.of());
        if (group >= 0) {
            boolean alone = children.isEmpty();
            outlines.add(
                    new Outline(
                            group,
                            alone ? box.at() : box.extent().grown(-2, -7, -2),
                            !alone || box.functions().size() > 1,
                            alone ? "" : label(group),
                            group == selected));
            return;
        }
        int own = own(box);
        if (own >= 0) {
            boolean several = box.functions().size() > 1;
            outlines.add(new Outline(own, box.at(), several, "", own == selected));
        }
        siblings(children);
    }

    /// `8 functions: 00:01.0 does not redirect peer requests`, if some step failed.
    private String label(int group) {
        var members =
                grouping.groups().stream()
                        .filter(g -> g.id() == group)
                        .findFirst()
                        .map(g -> g.members())
                        .orElse(List.of());
        var reason =
                members.stream()
                        .flatMap(m -> java.util.stream.Stream.ofNullable(grouping.links().get(m)))
                        .flatMap(link -> link.steps().stream())
                        .filter(step -> step.verdict() == ProofStep.Verdict.FAILS)
                        .map(ProofStep::text)
                        .findFirst();
        var count = members.size() == 1 ? "1 function" : members.size() + " functions";
        return reason.map(text -> count + ": " + text).orElse(count);
    }
}

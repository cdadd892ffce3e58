package iommulab.app.groups;

import iommulab.app.shell.FunctionNames;
import iommulab.engine.group.Viability;
import iommulab.engine.pci.Acs;
import iommulab.engine.pci.AcsFlag;
import iommulab.engine.pci.Header;
import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.session.MachineSnapshot;
import iommulab.engine.session.Preview;
import iommulab.engine.session.Preview.PeerPath;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// What the What-if column shows: the ACS bits on the way up of a pair, and what edits would do. Pure.
///
/// @param edited `2 bits changed`, empty if nothing is edited
/// @param summary what would happen, in one sentence
/// @param regrouping before and after, once the engine has answered
/// @param paths peer-to-peer ways that the edits leave open, a sentence each
/// @param assign whether the first function of the pair could then be given to a virtual machine
/// @param parameter the kernel parameter with the same effect, empty if there is none
record WhatIfModel(
        List<Port> ports,
        String edited,
        String summary,
        Optional<Regrouping> regrouping,
        List<Path> paths,
        String assign,
        String parameter) {
    WhatIfModel {
        ports = List.copyOf(ports);
        paths = List.copyOf(paths);
    }

    /// One bit of one port.
    record Cell(AcsFlag bit, boolean implemented, boolean set, boolean changed) {
        /// Whether the rule asks for it and it is clear.
        boolean missing() {
            return implemented && !set && bit.isAsked();
        }

        String digit() {
            return implemented ? set ? "1" : "0" : "–";
        }
    }

    /// A function whose ACS register counts.
    ///
    /// @param cells empty if it has no register
    /// @param before register now, hex
    /// @param after register as edited, hex; equal to `before` if not edited
    record Port(
            PciAddress function,
            String address,
            String role,
            List<Cell> cells,
            String before,
            String after,
            String absent) {
        Port {
            cells = List.copyOf(cells);
        }
    }

    /// A peer-to-peer way that groups do not tell of.
    /// @param closable whether the port where it turns has redirect bits to set
    record Path(
            PciAddress from,
            PciAddress to,
            PciAddress turnsAt,
            String sentence,
            boolean closable) {}

    static WhatIfModel of(
            MachineSnapshot machine, Optional<Pair> pair, WhatIf edits, Optional<Preview> preview) {
        int bits = edits.bitsChanged(machine.topology());
        var answered = preview.filter(_ -> !edits.isEmpty());
        var regrouping = answered.map(Regrouping::of);
        return new WhatIfModel(
                pair.map(p -> ports(machine, p, edits)).orElse(List.of()),
                bits == 0 ? "" : bits == 1 ? "1 bit changed" : bits + " bits changed",
                regrouping.map(Regrouping::sentence).orElse(""),
                regrouping,
                answered.map(WhatIfModel::paths).orElse(List.of()),
                answered.flatMap(a -> pair.map(p -> assign(a, p.first()))).orElse(""),
                answered.map(Preview::kernelParameter).orElse(""));
    }

    /// Ways that turn around at one place for one reason are told in one sentence.
    private static List<Path> paths(Preview preview) {
        var together = new LinkedHashMap<List<Object>, List<PeerPath>>();
        for (var path : preview.survivingPaths()) {
            together.computeIfAbsent(
                            List.of(path.from(), path.turnsAt(), path.reason()),
                            _ -> new ArrayList<>())
                    .add(path);
        }
        return together.values().stream().map(same -> path(preview, same)).toList();
    }

    private static Path path(Preview preview, List<PeerPath> same) {
        var first = same.getFirst();
        var others = same.size() == 1 ? "" : " and %d more".formatted(same.size() - 1);
        return new Path(
                first.from(),
                first.to(),
                first.turnsAt(),
                "%s still reaches %s%s: it turns at %s, %s."
                        .formatted(
                                FunctionNames.address(first.from()),
                                FunctionNames.address(first.to()),
                                others,
                                FunctionNames.address(first.turnsAt()),
                                first.reason()),
                canRedirect(preview, first.turnsAt()));
    }

    private static boolean canRedirect(Preview preview, PciAddress port) {
        int redirect = Acs.REQUEST_REDIRECT | Acs.COMPLETION_REDIRECT;
        return preview.topology()
                .find(port)
                .flatMap(f -> Acs.of(f.config()))
                .filter(acs -> (acs.capability() & redirect) == redirect)
                .filter(acs -> (acs.control() & redirect) != redirect)
                .isPresent();
    }

    /// Whether a function could then be given to a virtual machine.
    private static String assign(Preview preview, PciAddress function) {
        var group = preview.after().groupOf(function);
        if (group.isEmpty()) {
            return "";
        }
        var viability = Viability.of(group.get(), preview.topology());
        var inTheWay =
                viability.members().stream()
                        .filter(m -> m.standing() == Viability.Standing.IN_THE_WAY)
                        .map(m ->
                                "%s at %s"
                                        .formatted(
                                                m.driver().orElse("?"),
                                                FunctionNames.address(m.function())))
                        .toList();
        return inTheWay.isEmpty()
                ? "✓ possible: group %d is viable".formatted(group.get().id())
                : "group %d holds %s: unbind first"
                        .formatted(group.get().id(), String.join(", ", inTheWay));
    }

    /// From the root down: the bridges above both functions, then the functions themselves.
    private static List<Port> ports(MachineSnapshot machine, Pair pair, WhatIf edits) {
        var functions = new LinkedHashSet<PciAddress>();
        Stream.concat(Stream.of(pair.first()), pair.second().stream())
                .map(f -> wayDown(machine, f))
                .forEach(functions::addAll);
        return functions.stream()
                .flatMap(f -> machine.topology().find(f).stream())
                .filter(f -> Header.isBridge(f.config()) || Acs.of(f.config()).isPresent())
                .map(f -> port(f, edits))
                .toList();
    }

    private static List<PciAddress> wayDown(MachineSnapshot machine, PciAddress function) {
        var way = new ArrayList<PciAddress>();
        var at = machine.topology().find(function);
        while (at.isPresent()) {
            way.addFirst(at.get().address());
            at = machine.topology().parentOf(at.get());
        }
        return way;
    }

    private static Port port(PciFunction function, WhatIf edits) {
        var acs = Acs.of(function.config());
        var cells = acs.map(a -> cells(function.address(), a, edits)).orElse(List.of());
        return new Port(
                function.address(),
                FunctionNames.address(function.address()),
                FunctionNames.role(function),
                cells,
                acs.map(a -> "%04x".formatted(a.control())).orElse(""),
                acs.map(a -> "%04x".formatted(edits.control(function.address(), a))).orElse(""),
                acs.isPresent() ? "" : absent(function));
    }

    private static String absent(PciFunction function) {
        if (function.config().size() <= 256 && FunctionNames.isPort(function)) {
            return "bytes not in the capture";
        }
        return "no ACS capability";
    }

    private static List<Cell> cells(PciAddress function, Acs acs, WhatIf edits) {
        int control = edits.control(function, acs);
        return Stream.of(AcsFlag.values())
                .map(bit ->
                        new Cell(
                                bit,
                                (acs.capability() & bit.mask()) != 0,
                                (control & bit.mask()) != 0,
                                ((control ^ acs.control()) & bit.mask()) != 0))
                .toList();
    }
}

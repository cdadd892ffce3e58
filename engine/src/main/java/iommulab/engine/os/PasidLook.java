package iommulab.engine.os;

import iommulab.engine.os.sva.Bonds;
import iommulab.engine.os.sva.GuestPasids;
import iommulab.engine.os.sva.PasidRegisters;

import java.util.ArrayList;

/// Writes down who may put which PASID on the bus.
final class PasidLook {
    private PasidLook() {}

    static SharedPasids at(Bonds bonds, PasidRegisters registers, GuestPasids guests) {
        var rights = new ArrayList<SharedPasids.Right>();
        guests.rights().forEach(r -> rights.add(new SharedPasids.Right(r.process(), r.pasid())));
        return new SharedPasids(
                bonds.owners().all().entrySet().stream()
                        .map(own -> new SharedPasids.Owned(own.getValue().name(), own.getKey()))
                        .toList(),
                registers.all().entrySet().stream()
                        .map(r ->
                                new SharedPasids.Register(
                                        r.getKey().process(), r.getKey().name(), r.getValue()))
                        .toList(),
                bonds.all().stream()
                        .map(bond ->
                                new SharedPasids.SharedSpace(
                                        bond.handle(),
                                        bond.process().name(),
                                        bond.device().address(),
                                        bond.pasid(),
                                        bond.references()))
                        .toList(),
                rights,
                guests.links().entrySet().stream()
                        .map(link ->
                                new SharedPasids.Link(
                                        link.getKey().machine(),
                                        link.getKey().process(),
                                        link.getKey().guestPasid(),
                                        link.getValue()))
                        .toList());
    }
}

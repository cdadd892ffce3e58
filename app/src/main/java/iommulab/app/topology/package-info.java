/// The Machine perspective: the whole machine as nested boxes, and DMA on its way through it.
///
/// ```
///  MachineSnapshot ─▶ Plan (what hangs where) ─▶ MachineLayout ─▶ Picture (boxes and links with places)
///        │                                                            │
///        └──────────▶ MachineModel (words, groups, domains, owners) ──┴─▶ MachineCanvas
/// ```
/// The picture changes only when the machine's shape does; the words may change with every snapshot.
package iommulab.app.topology;

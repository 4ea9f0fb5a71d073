"""Makes the fixtures of this folder: small networks trained by PyTorch, as others would export them.

    pip install torch==2.7.1 numpy safetensors
    python make_fixtures.py [FOLDER]

Files, with V = 12 items, H = 16, N sessions of at most T items:

    items.txt                 the V item ids, a line each
    gru-module.pt             TorchScript: items [B, T] int64, lengths [B] int64 -> hidden [B, H] float32
    gru-state-dict.pt         what torch.save makes of its weights, by mistake
    gru-items.safetensors     beside it: item.weight [V, H], item.bias [V]
    gru-weights.safetensors   the same model as plain weights of the kind gru4rec
    gru-expected.safetensors  sessions [N, T] int64 (row + 1, 0 behind the end), lengths [N] int64,
                              hidden [N, H] float32 and scores [N, V] float32 as PyTorch computes
                              them for each session alone, without padding
    sasrec-weights.safetensors   a SASRec of 2 layers and 2 heads, as plain weights
    sasrec-expected.safetensors  its scores [N, V] of the same sessions
"""

import pathlib
import sys
import zipfile

import torch
from safetensors.torch import save_file
from torch import nn

ITEMS, HIDDEN, LONGEST = 12, 16, 9
LAYERS, HEADS, INNER = 2, 2, 24


class SessionEncoder(nn.Module):
    """Reads a session up to its length; what stands behind it is padding."""

    def __init__(self, items: int, hidden: int):
        super().__init__()
        self.embedding = nn.Embedding(items + 1, hidden, padding_idx=0)
        self.dropout = nn.Dropout(0.2)
        self.gru = nn.GRU(hidden, hidden, batch_first=True)

    def forward(self, items: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        states, _ = self.gru(self.dropout(self.embedding(items)))
        last = (lengths - 1).view(-1, 1, 1).expand(-1, 1, states.size(2))
        return states.gather(1, last).squeeze(1)


class SasRec(nn.Module):
    """Item and position vectors through torch's own encoder; tied, positions from the first item."""

    def __init__(self):
        super().__init__()
        self.output = nn.Linear(HIDDEN, ITEMS)
        self.positions = nn.Embedding(LONGEST, HIDDEN)
        layer = nn.TransformerEncoderLayer(
            HIDDEN, HEADS, INNER, dropout=0.0, activation="relu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(
            layer, LAYERS, norm=nn.LayerNorm(HIDDEN), enable_nested_tensor=False
        )

    def forward(self, items: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        columns = items.size(1)
        # What is padding doesn't matter: no position sees a later one.
        x = self.output.weight[(items - 1).clamp(min=0)] + self.positions(torch.arange(columns))
        mask = nn.Transformer.generate_square_subsequent_mask(columns)
        states = self.encoder(x, mask=mask, is_causal=True)
        last = (lengths - 1).view(-1, 1, 1).expand(-1, 1, HIDDEN)
        return self.output(states.gather(1, last).squeeze(1))


def sessions(count: int, generator: torch.Generator):
    """Visitors who walk around a circle of items, forwards or backwards; row + 1, 0 is padding."""
    lengths = torch.randint(1, LONGEST + 1, (count,), generator=generator)
    start = torch.randint(0, ITEMS, (count, 1), generator=generator)
    step = torch.randint(0, 2, (count, 1), generator=generator) * 2 - 1
    rows = (start + step * torch.arange(LONGEST + 1)) % ITEMS
    following = rows.gather(1, lengths.unsqueeze(1)).squeeze(1)
    inside = torch.arange(LONGEST).unsqueeze(0) < lengths.unsqueeze(1)
    return torch.where(inside, rows[:, :LONGEST] + 1, 0), lengths, following


def without_traces(archive: pathlib.Path) -> None:
    """Leaves out of a TorchScript archive what differs with the machine that wrote it."""
    with zipfile.ZipFile(archive) as full:
        records = {
            name: full.read(name)
            for name in full.namelist()
            if not name.endswith((".debug_pkl", "serialization_id"))
        }
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as bare:
        for name, content in records.items():
            bare.writestr(zipfile.ZipInfo(name), content)


def train(scores, modules, generator: torch.Generator, rate: float = 0.02, steps: int = 150) -> None:
    optimizer = torch.optim.Adam([p for module in modules for p in module.parameters()], lr=rate)
    for _ in range(steps):
        items, lengths, following = sessions(64, generator)
        loss = nn.functional.cross_entropy(scores(items, lengths), following)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for module in modules:
        module.eval()
    print(f"loss {loss.item():.4f}")


def alone(network, items: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Each session by itself, without padding."""
    each = [network(items[i : i + 1, : lengths[i]], lengths[i : i + 1]) for i in range(len(items))]
    return torch.cat(each)


def main(folder: pathlib.Path) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(20261122)
    generator = torch.Generator().manual_seed(7)
    encoder = SessionEncoder(ITEMS, HIDDEN)
    output = nn.Linear(HIDDEN, ITEMS)
    train(lambda items, lengths: output(encoder(items, lengths)), [encoder, output], generator)

    (folder / "items.txt").write_text("".join(f"shoe-{i}\n" for i in range(ITEMS)))
    torch.jit.script(encoder).save(str(folder / "gru-module.pt"))
    without_traces(folder / "gru-module.pt")
    torch.save({"bias": output.bias.detach()}, folder / "gru-state-dict.pt")
    weight, bias = output.weight.detach(), output.bias.detach()
    save_file({"item.weight": weight, "item.bias": bias}, folder / "gru-items.safetensors")
    weights = {f"gru.{name}": value.detach() for name, value in encoder.gru.named_parameters()}
    weights["embedding.weight"] = encoder.embedding.weight.detach()[1:].clone()
    weights["output.weight"], weights["output.bias"] = weight, bias
    save_file(weights, folder / "gru-weights.safetensors")

    items, lengths, _ = sessions(24, generator)
    with torch.inference_mode():
        hidden = alone(encoder, items, lengths)
        scores = output(hidden)
    expected = {"sessions": items, "lengths": lengths, "hidden": hidden, "scores": scores}
    save_file(
        {name: tensor.clone() for name, tensor in expected.items()},
        folder / "gru-expected.safetensors",
    )

    sasrec = SasRec()
    train(sasrec, [sasrec], generator, rate=0.005, steps=600)
    weights = {name: value.detach().clone() for name, value in sasrec.named_parameters()}
    save_file(weights, folder / "sasrec-weights.safetensors")
    torch.backends.mha.set_fastpath_enabled(False)
    with torch.inference_mode():
        save_file({"scores": alone(sasrec, items, lengths)}, folder / "sasrec-expected.safetensors")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent))

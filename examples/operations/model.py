# SPDX-License-Identifier: Apache-2.0
"""model.py: a small model made of operations (matmul, rms_norm) learns a function, beside the same model made of
PyTorch's own. Both start from the same weights; gradients and the way of the loss must agree.

    python model.py       needs the module warpx_gallery and PyTorch
"""
import torch

import warpx_gallery as gallery

STEPS = 300


class Model(torch.nn.Module):
    """Two layers with a normalisation in between. `matmul` and `rms_norm` are functions of tensors."""

    def __init__(self, matmul, rms_norm, inputs=4, hidden=64):
        super().__init__()
        self.matmul, self.rms_norm = matmul, rms_norm
        make = torch.Generator().manual_seed(0)
        self.first = torch.nn.Parameter(torch.randn(inputs, hidden, generator=make) / inputs**0.5)
        self.weight = torch.nn.Parameter(torch.ones(hidden))
        self.last = torch.nn.Parameter(torch.randn(hidden, 1, generator=make) / hidden**0.5)

    def forward(self, x):
        h = torch.tanh(self.rms_norm(self.matmul(x, self.first), self.weight))
        return self.matmul(h, self.last)


def data():
    x = torch.rand(512, 4, generator=torch.Generator().manual_seed(1)) * 2 - 1
    x[:, 3] = 1  # the constant term
    return x, torch.sin(3 * x[:, :1]) + x[:, 1:2] * x[:, 2:3]


def gradients(model, x, y):
    torch.nn.functional.mse_loss(model(x), y).backward()
    return [p.grad.clone() for p in model.parameters()]


def train(model, x, y):
    adam = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(STEPS):
        adam.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        adam.step()
        losses.append(loss.item())
    return torch.tensor(losses)


def main():
    torch.set_num_threads(1)  # small tensors
    x, y = data()
    ours = Model(gallery.matmul, gallery.rms_norm)
    torchs = Model(torch.matmul, lambda h, weight: torch.nn.functional.rms_norm(h, weight.shape, weight, 1e-6))
    for a, b in zip(gradients(ours, x, y), gradients(torchs, x, y)):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)
    a, b = train(ours, x, y), train(torchs, x, y)
    for step in (0, 10, 100, STEPS - 1):
        print(f"step {step:3}: loss {a[step]:.6f} with warpx, {b[step]:.6f} with PyTorch")
    apart = ((a - b).abs() / b).max().item()
    print(f"farthest apart: {apart:.1e} of the loss")
    if not (a[-1] < 0.02 * a[0] and apart < 0.05):
        raise SystemExit("model: the two did not learn the same")


if __name__ == "__main__":
    main()

// SPDX-License-Identifier: Apache-2.0
// wave.hpp: waves on a surface with a wall, two slits and a lens: four lambdas, which run wherever the
// arrays are.
#pragma once

#include <warpx/warpx.hpp>

#include <cstdio>
#include <string>
#include <utility>

namespace wave {

inline constexpr int64_t height = 720, width = 1280;
inline constexpr int steps = 3000;

using pixel = warpx::vec<uint8_t, 3>;

/// What the surface is made of, in each point.
struct matter {
    float speed;   // squared, in cells a step: 0 in walls
    float damping; // of the velocity in a step: absorbs what reaches the rim
};

} // namespace wave
WARPX_STRUCT(wave::matter, speed, damping);

namespace wave {

/// The scene: a wall with two slits, behind it a round lens in which waves are slower, and a rim that
/// absorbs.
constexpr auto scene = [] WARPX_KERNEL(auto i, auto surface) {
    auto [row, column] = i;
    const float x = static_cast<float>(column), y = static_cast<float>(row);
    const float middle = 0.5f * static_cast<float>(height);
    const float lens_x = x - 730.0f, lens_y = y - middle;
    const float speed = lens_x * lens_x + lens_y * lens_y < 170.0f * 170.0f ? 0.12f : 0.25f;
    const float from_axis = warpx::abs(y - middle);
    const bool wall = warpx::abs(x - 300.0f) < 5.0f && warpx::abs(from_axis - 72.0f) > 15.0f;
    const float to_rim = warpx::min(warpx::min(x, static_cast<float>(width) - 1.0f - x),
                                    warpx::min(y, static_cast<float>(height) - 1.0f - y));
    const float depth = warpx::max(0.0f, 1.0f - to_rim / 60.0f);
    surface[i] = wall ? matter{0.0f, 1.0f} : matter{speed, 0.12f * depth * depth};
};

/// One step of the points inside of the rim (which is held): from the heights of `now` and those before to
/// the next, which take the place of the latter. `before` and `surface` are views without the rim, `now` has
/// it.
constexpr auto advance = [] WARPX_KERNEL(auto i, auto now, auto before, auto surface) {
    auto [row, column] = i;
    const matter here = surface[i];
    const float middle = now(row + 1, column + 1);
    const float around =
        now(row, column + 1) + now(row + 2, column + 1) + now(row + 1, column) + now(row + 1, column + 2);
    before[i] = middle + (1.0f - here.damping) * (middle - before[i]) + here.speed * (around - 4.0f * middle);
};

/// The source.
constexpr auto push = [] WARPX_KERNEL(auto i, auto heights, auto force) { heights[i] += force; };

/// A picture: crests warm, troughs blue, lit from the upper left; walls grey, the lens a little brighter.
constexpr auto paint = [] WARPX_KERNEL(auto i, auto surface, auto wave, auto picture) {
    auto [row, column] = i;
    const matter here = surface[i];
    const float h = wave[i];
    warpx::vec3f colour(0.03f, 0.04f, 0.09f);
    if (here.speed == 0.0f) {
        colour = warpx::vec3f(0.42f, 0.43f, 0.46f);
    } else {
        const bool inside = row > 0 && column > 0;
        const float slope = inside ? 2.0f * h - wave(row - 1, column) - wave(row, column - 1) : 0.0f;
        const float strength = 1.0f - warpx::exp(-4.5f * warpx::abs(h));
        const warpx::vec3f crest(1.0f, 0.62f, 0.20f), trough(0.10f, 0.42f, 0.95f);
        colour = colour + strength * (h > 0.0f ? crest : trough);
        colour = colour + warpx::vec3f(0.55f) * warpx::clamp(slope, -0.25f, 0.4f);
        if (here.speed < 0.2f) colour = colour + warpx::vec3f(0.05f, 0.08f, 0.08f);
    }
    pixel p;
    for (int k = 0; k < 3; ++k) p[k] = static_cast<uint8_t>(255.0f * warpx::clamp(colour[k], 0.0f, 1.0f));
    picture[i] = p;
};

/// The arrays of it, all zero at the beginning.
template <class Device> struct surface {
    warpx::array<matter, 2, Device> material;
    warpx::array<float, 2, Device> now, before;
    warpx::array<pixel, 2, Device> picture;
};

/// Without the rim of one point.
template <class T, class Device> warpx::array<T, 2, Device> inside(const warpx::array<T, 2, Device>& a) {
    return warpx::slice(warpx::slice(a, 0, 1, -1), 1, 1, -1);
}

/// The whole of it: on host threads, or enqueued on the current stream.
template <class Device> void run(surface<Device>& s) {
    warpx::launch<scene>(s.material.extents(), s.material);
    // What is only read is passed as const: CUDA then knows that loads need not wait for stores.
    const warpx::array<const matter, 2, Device> material = s.material;
    for (int step = 0; step < steps; ++step) {
        const warpx::array<const float, 2, Device> now = s.now;
        warpx::launch<advance>({height - 2, width - 2}, now, inside(s.before), inside(material));
        const float time = static_cast<float>(step);
        const auto source = warpx::slice(warpx::take(s.before, 1, 80), 0, 60, -60); // straight waves
        warpx::launch<push>(source.extents(), source,
                            0.055f * warpx::min(1.0f, 0.01f * time) * warpx::sin(0.19f * time));
        std::swap(s.now, s.before);
    }
    const warpx::array<const float, 2, Device> now = s.now;
    warpx::launch<paint>(s.picture.extents(), material, now, s.picture);
}

/// Writes a picture as a PPM file; false if that is not possible.
inline bool write_picture(const warpx::array<pixel, 2>& picture, const std::string& path) {
    std::FILE* const file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) return false;
    std::fprintf(file, "P6\n%d %d\n255\n", static_cast<int>(width), static_cast<int>(height));
    const auto pixels = static_cast<size_t>(picture.size());
    const bool written = std::fwrite(picture.data_handle(), sizeof(pixel), pixels, file) == pixels;
    return std::fclose(file) == 0 && written;
}

} // namespace wave
